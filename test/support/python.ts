import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { unpackedDebian } from './debian-tool.js';

/** Debian's modules fit Debian's own Python, which need not be the first on the PATH. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** Python with modules of Debian packages. */
export class Python {
  private constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  /**
   * Finds a Python that can import the modules. If it cannot and this is root on Debian, unpacks Debian's packages next to
   * the modules of Node.js without installing them.
   *
   * @param packages with the packages that they depend on
   * @returns `null` if there is no Python or no such module
   */
  static find(name: string, modules: readonly string[], packages: readonly string[]): Python | null {
    const installed = new Python(process.env);
    if (installed.imports(modules)) return installed;
    if (!installed.imports([])) return null;
    const folder = unpackedDebian(name, packages);
    if (folder === null) return null;
    const unpacked = new Python({ ...process.env, PYTHONPATH: `${folder}/usr/lib/python3/dist-packages` });
    return unpacked.imports(modules) ? unpacked : null;
  }

  /** Runs a program while this process goes on: the program may call a service in it. @returns what it printed */
  run(file: string, input: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const child = spawn(PYTHON, [file], { env: { ...this.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.end(input);
    return new Promise((done, fail) => {
      child.on('close', (code) => (code === 0 ? done(stdout) : fail(new Error(`${file}: ${stderr}`))));
    });
  }

  private imports(modules: readonly string[]): boolean {
    const program = modules.map((module) => `import ${module}`).join('\n');
    return spawnSync(PYTHON, ['-c', program], { env: this.env, stdio: 'ignore' }).status === 0;
  }
}
