import { DebianTool } from './debian-tool.js';

export const findPromtool = () => DebianTool.find('promtool', ['prometheus']);

/** Runs promtool on `input`. @returns its complaints, `null` if there are none */
export function complaintOf(promtool: DebianTool, args: readonly string[], input = ''): string | null {
  const { status, stdout, stderr } = promtool.run(args, input);
  return status === 0 ? null : `${stdout}${stderr}`;
}
