import { z } from 'zod';
import type { Area } from '../../tenancy/area/area.entity.js';
import type { AreaImported } from './area-import.js';
import type { SessionsImported } from './session-import.js';
import { pageOf, shown, text, texts } from '../admin-answer.js';
import { described } from '../field-text.js';

const area = shown<Area>(
  'Area',
  z.object(described({ areaCode: text, parentCode: text.nullable(), name: text })),
  { areaCode: '310000', parentCode: null, name: '上海市' },
);

export const areasAnswer = pageOf('AreaPage', area);

const refused = z.array(z.object(described({ line: z.int(), reason: text })));
const ONE_REFUSED = [{ line: 3, reason: 'the project has no such user' }];

export const areasImportedAnswer = shown<AreaImported>(
  'AreasImported',
  z.object(
    described({
      imported: z.int(),
      moved: z.int(),
      refused,
      detached: z.object(described({ count: z.int(), first: texts })),
    }),
  ),
  { imported: 2, moved: 0, refused: [], detached: { count: 0, first: [] } },
);

export const sessionsImportedAnswer = shown<SessionsImported>(
  'SessionsImported',
  z.object(described({ imported: z.int(), existing: z.int(), refused })),
  { imported: 2, existing: 0, refused: ONE_REFUSED },
);
