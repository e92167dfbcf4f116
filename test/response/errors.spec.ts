import { readFile } from 'node:fs/promises';
import { QueryFailedError } from 'typeorm';
import { PostgresFailure } from '../../src/database/postgres/postgres-failure.js';
import { catalogue } from '../../src/response/error/error-catalogue.js';
import { toApiError } from '../../src/response/error/failure.js';

const entries = Object.entries(catalogue);

describe('the catalogue', () => {
  it('has numbers that are unique, not zero, and begin with the status', () => {
    const codes = entries.map(([, { code }]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const [, { code, status }] of entries) expect(Math.floor(code / 100)).toBe(status);
  });

  it('has one public sentence each', () => {
    for (const [, { text }] of entries) expect(text).toMatch(/^[A-Z].*[._-]$/);
  });
});

describe('docs/errors.md', () => {
  it('lists exactly the catalogue, in its order, with each meaning and what to do', async () => {
    const rows = (await readFile('docs/errors.md', 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.map(([, name, code, status]) => [name, code, status])).toEqual(
      entries.map(([name, { code, status }]) => [`\`${name}\``, String(code), String(status)]),
    );
    for (const [, , , , meaning, advice] of rows) {
      expect(meaning).not.toBe('');
      expect(advice).not.toBe('');
    }
  });
});

describe('a failure of the database', () => {
  const driverError = (code: string) => Object.assign(new Error('a value'), { code });

  it.each(['22001', '22021', '22P02'])('%s, a value that it refuses, asks for no repetition', (code) => {
    for (const thrown of [
      new PostgresFailure(code, {}),
      new QueryFailedError('SELECT', [], driverError(code)),
    ]) {
      const { errorCode, retryAfter } = toApiError(thrown);
      expect([errorCode, retryAfter]).toEqual(['INTERNAL', undefined]);
    }
  });

  it.each(['08006', '57P01', '40001'])('%s asks for one', (code) => {
    for (const thrown of [
      new PostgresFailure(code, {}),
      new QueryFailedError('SELECT', [], driverError(code)),
    ]) {
      const { errorCode, retryAfter } = toApiError(thrown);
      expect([errorCode, retryAfter]).toEqual(['UNAVAILABLE', 1]);
    }
  });
});
