import { DebianTool } from './debian-tool.js';

let tool: DebianTool | null = null;
/** How long a code is shown. */
const STEP_MS = 30_000;
/** Computed at once: a start of the program takes longer than so many codes. */
const CODES = 32;
const known = new Map<string, string>();

/**
 * A code as an authenticator app shows it, made by oathtool: none of our code, nor of the library that it uses.
 *
 * @param secret Base32
 * @param now ms since the epoch
 */
export function totpCode(secret: string, now: number): string {
  const step = Math.floor(now / STEP_MS);
  if (!known.has(`${secret} ${step}`))
    // Some before this one too, for a clock that is behind.
    codesFrom(secret, step - 2).forEach((code, index) => known.set(`${secret} ${step - 2 + index}`, code));
  return known.get(`${secret} ${step}`) ?? '';
}

function codesFrom(secret: string, step: number): string[] {
  tool ??= DebianTool.find('oathtool', ['oathtool', 'liboath0']);
  if (tool === null) throw new Error('these tests need oathtool on the PATH: e.g. apt-get install oathtool');
  const { status, stdout, stderr } = tool.run(
    ['--totp', '--base32', `--now=@${(step * STEP_MS) / 1000}`, `--window=${CODES - 1}`, '-'],
    secret,
  );
  if (status !== 0) throw new Error(`oathtool: ${stderr}`);
  return stdout.trim().split('\n');
}
