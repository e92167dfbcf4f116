/** Shorter ones are refused for their length in every project. */
const SHORTEST = 8;

let passwords: Promise<ReadonlySet<string>> | null = null;

/** Whether a password is among the most common ones, in any case. The list is loaded when it is first needed. */
export async function isCommonPassword(password: string): Promise<boolean> {
  passwords ??= load();
  return (await passwords).has(password.toLowerCase());
}

async function load(): Promise<ReadonlySet<string>> {
  const { default: common } = await import('@zxcvbn-ts/language-common');
  return new Set(common.dictionary['passwords-common'].filter(({ length }) => length >= SHORTEST));
}
