import { DebianTool } from './debian-tool.js';

let tool: DebianTool | null = null;

/**
 * A code as an authenticator app shows it, made by oathtool: none of our code, nor of the library that it uses.
 *
 * @param secret Base32
 * @param now ms since the epoch
 */
export function totpCode(secret: string, now: number): string {
  tool ??= DebianTool.find('oathtool', ['oathtool', 'liboath0']);
  if (tool === null) throw new Error('these tests need oathtool on the PATH: e.g. apt-get install oathtool');
  const { status, stdout, stderr } = tool.run(
    ['--totp', '--base32', `--now=@${Math.floor(now / 1000)}`, '-'],
    secret,
  );
  if (status !== 0) throw new Error(`oathtool: ${stderr}`);
  return stdout.trim();
}
