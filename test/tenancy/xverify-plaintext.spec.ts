import {
  NOW,
  SKEW,
  GUID,
  PLAIN_GUID,
  ECB,
  PROFILES,
  seal,
  open,
  openPlain,
  verified,
  refused,
  local,
  digits,
} from './sealed-values.js';

describe('plaintexts', () => {
  const separators = ['', ...Array.from('|&,_#;:@-')];
  const at = NOW + 7000;
  const unpadded = (dash: string) =>
    local(at)
      .slice(0, 19)
      .replaceAll('-', dash)
      .replace('T', ' ')
      .replaceAll(/\b0(?=\d)/g, '');
  const stamps: [string, string][] = [
    ['seconds', `${at / 1000}`],
    ['milliseconds', `${at}`],
    ['local digits', digits(local(at)).slice(0, 14)],
    ['local digits with milliseconds', digits(local(at))],
    ['ISO in UTC', new Date(at).toISOString()],
    ['ISO in UTC, lower case', new Date(at).toISOString().toLowerCase()],
    ['ISO with an offset', `${new Date(at - 5.5 * 3_600_000).toISOString().slice(0, 19)}-05:30`],
    ['ISO with an offset in hours', `${local(at).slice(0, 19)}+08`],
    ['ISO with an offset, no colon', `${local(at)}+0800`],
    ['ISO without an offset', local(at)],
    ['ISO with a space', local(at).replace('T', ' ').slice(0, 19)],
    ['ISO with a comma and many digits', `${local(at).slice(0, 19)},000999`],
    ['ISO basic', `${digits(new Date(at).toISOString()).replace(/^(.{8})(.{6}).*/, '$1T$2')}Z`],
    ['ticks in UTC', `${BigInt(at) * 10_000n + 621_355_968_000_000_000n}`],
    ['unpadded with dashes', unpadded('-')],
    ['unpadded with slashes', unpadded('/')],
    ['slashes', local(at).replaceAll('-', '/').replace('T', ' ').slice(0, 19)],
  ];

  describe.each(stamps)('stamp: %s', (_, stamp) => {
    it.each(separators)('after %j', (separator) => {
      for (const profile of PROFILES.map((p) => ({ ...p, stampRequired: true }))) {
        for (const tail of ['', '|', '|tail', ' 1', 'x']) {
          for (const guid of [GUID, PLAIN_GUID.toUpperCase(), `{${GUID}}`]) {
            expect(openPlain(guid + separator + stamp + tail, profile)).toEqual(verified(at + SKEW));
          }
        }
      }
    });
  });

  it.each([
    '',
    '|',
    '|anything',
    '||1763888400',
    '|1',
    '|176388840',
    '|17638884001',
    '|176388840000',
    '|17638884000001',
    '|2026/13/1 9:0:0',
    '|2026/1-1 9:0:0',
    '|2026/1/1 9:0',
    '|2026/1/1 25:0:0',
    '|1763888400000123456',
    '|20261323090000',
    '|20260229090000',
    '|20261123240000',
    '|20261123096000',
    '|2026112309000012',
    '|2026-11-23',
    '|2026-02-29T09:00:00Z',
    '|x1763888400',
    ' 1763888400',
    '/1763888400',
    '}',
    '\u0000',
    '中文',
  ])('no stamp: %j', (tail) => {
    expect(openPlain(GUID + tail)).toEqual(verified());
    expect(openPlain(GUID + tail, { ...ECB, stampRequired: true })).toEqual(refused('stamp-missing'));
  });

  it.each([
    '',
    'x',
    PLAIN_GUID.slice(1),
    `${PLAIN_GUID.slice(1)}g`,
    ` ${GUID}`,
    `{${GUID}`,
    `{${GUID}|}`,
    `{{${GUID}}}`,
    GUID.replace('-', ''),
    GUID.replaceAll('-', ':'),
    GUID.slice(0, -1),
  ])('no GUID: %j', (plaintext) => {
    expect(openPlain(plaintext)).toEqual(refused('no-guid'));
  });

  it('tells the window by the millisecond, both edges in', () => {
    for (const profile of [...PROFILES, { ...ECB, skewSeconds: 1 }, { ...ECB, skewSeconds: 86_400 }]) {
      const skew = profile.skewSeconds * 1000;
      const openStamp = (stamp: number) => openPlain(`${GUID}|${stamp}`, profile);
      expect(openStamp(NOW - skew)).toEqual(verified(NOW + skew));
      expect(openStamp(NOW + skew)).toEqual(verified(NOW + 2 * skew));
      expect(openStamp(NOW - skew - 1)).toEqual(refused('stale'));
      expect(openStamp(NOW + skew + 1)).toEqual(refused('stale'));
    }
  });

  it('reads digits without a zone in the time zone of the project', () => {
    const stamp = digits(local(NOW)).slice(0, 14);
    expect(openPlain(GUID + stamp, ECB)).toEqual(verified());
    expect(openPlain(GUID + stamp, { ...ECB, timeZone: 'UTC' })).toEqual(refused('stale'));
  });

  it('takes ticks as UTC or local time, and remembers for both', () => {
    const ticks = (ms: number) => `${GUID}${BigInt(ms) * 10_000n + 621_355_968_000_000_000n}`;
    const west = { ...ECB, timeZone: 'America/New_York' };
    expect(openPlain(ticks(NOW + 8 * 3_600_000), ECB)).toEqual(verified(NOW + 8 * 3_600_000 + SKEW));
    expect(openPlain(ticks(NOW), west)).toEqual(verified(NOW + 5 * 3_600_000 + SKEW));
    expect(openPlain(ticks(NOW - SKEW - 1), ECB)).toEqual(refused('stale'));
  });

  it('takes either reading of an hour that occurs twice, and remembers for both', () => {
    const profile = { ...ECB, timeZone: 'America/New_York' };
    const [first, second] = [Date.UTC(2026, 10, 1, 5, 30), Date.UTC(2026, 10, 1, 6, 30)];
    for (const stamp of ['20261101013000', '2026-11-01T01:30:00']) {
      const value = `${GUID}|${stamp}`;
      expect(openPlain(value, profile, first)).toEqual(verified(second + SKEW));
      expect(openPlain(value, profile, second + SKEW)).toEqual(verified(second + 2 * SKEW));
      expect(openPlain(value, profile, (first + second) / 2)).toEqual(refused('stale'));
    }
  });

  it('tells bad padding from no GUID, for the log', () => {
    const block = (text: string) => seal(ECB, text, 'hex').slice(0, 16);
    // 40 bytes: the last of the six blocks is padding alone
    const whole = seal(ECB, `${GUID}|xxx`, 'hex');
    expect(open(ECB, whole.slice(0, -16))).toEqual(refused('bad-padding'));
    expect(open(ECB, whole.slice(0, -16) + block('\u0001'.repeat(8)))).toEqual(verified());
    for (const last of [
      '\0'.repeat(8),
      `xxxxx\u0001\u0002\u0003`,
      `xxxx\u0003\u0003\u0002\u0003`,
      '\t'.repeat(8),
    ]) {
      expect(open(ECB, whole.slice(0, -16) + block(last))).toEqual(refused('bad-padding'));
    }
  });
});
