import { TextDecoder } from 'node:util';
import type { Readable } from 'node:stream';
import { usage } from '../exit-code.js';

/** Byte order marks and the encodings that they stand for. */
const MARKS = [
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
] as const;

/**
 * Decodes UTF-8, or UTF-16 that begins with a byte order mark, and drops the mark. Refuses other encodings: names in
 * GBK, which spreadsheets still write, would be stored garbled.
 */
export async function* textOf(stream: Readable): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of stream) {
      if (decoder !== null) {
        yield decoder.decode(chunk as Buffer, { stream: true });
        continue;
      }
      head = Buffer.concat([head, chunk as Buffer]);
      if (head.length < 2) continue;
      decoder = decoderFor(head);
      yield decoder.decode(head, { stream: true });
    }
    yield decoder === null ? decoderFor(head).decode(head) : decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usage(
      'the file is not UTF-8, nor UTF-16 with a byte order mark: convert it, e.g. by iconv -f GB18030 -t UTF-8, and run the import again',
    );
  }
}

function decoderFor(head: Buffer): TextDecoder {
  const marked = MARKS.find(({ mark }) => head.subarray(0, mark.length).equals(mark));
  return new TextDecoder(marked?.encoding ?? 'utf-8', { fatal: true });
}
