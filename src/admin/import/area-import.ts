import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { z } from 'zod';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { Area } from '../../tenancy/area/area.entity.js';
import { AreaTree, MAX_DEPTH } from '../../tenancy/area/area-tree.js';
import { type Administrator, assertPlatform } from '../administrator.js';
import { divisionsAbove, fullCode } from './area-code.js';
import { fields, identifier, text } from '../field.js';
import type { Item, Refused } from './import-item.js';
import { problemOf } from '../input.js';
import { type Page, pageOf, type PageRequest, startOf } from '../../response/page.js';

export const areaSchema = fields({
  areaCode: identifier,
  name: text(1, 128),
  /** Absent: derived from a GB/T 2260 code. `null`: the area has no parent. */
  parentCode: identifier.nullable().optional(),
});
export type AreaInput = z.output<typeof areaSchema>;

export interface AreaImported {
  /** How many areas were added or updated. */
  readonly imported: number;
  /** How many other areas moved below one that was imported. */
  readonly moved: number;
  readonly refused: readonly Refused[];
  /** The division codes in the database that have no parent and are not provinces; `first` holds up to 5 of them. */
  readonly detached: { readonly count: number; readonly first: readonly string[] };
}

/** An area with its place in the input. */
interface Placed extends Area {
  readonly line: number;
}

const BATCH = 500;

const UPSERT = `
  INSERT INTO bo_sys_area (area_code, parent_code, name) VALUES ($1, $2, $3)
  ON CONFLICT (area_code) DO UPDATE SET parent_code = excluded.parent_code, name = excluded.name`;

/** Imports the areas, which all projects share. Repeating an import changes nothing. */
@Injectable()
export class AreaImport {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(Area) private readonly areas: Repository<Area>,
    private readonly tree: AreaTree,
  ) {}

  async list(administrator: Administrator, page: PageRequest): Promise<Page<Area>> {
    assertPlatform(administrator);
    const after = startOf('areas', page);
    const rows = await this.areas.find({
      where: after === null ? {} : { areaCode: MoreThan(after) },
      order: { areaCode: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(
      'areas',
      rows,
      page.limit,
      ({ areaCode }) => areaCode,
      (row) => ({ ...row }),
    );
  }

  /**
   * Adds and updates areas. An area whose parent was derived, or that had none, moves below a nearer parent that this
   * import brings.
   *
   * @param strict import nothing if an item is refused
   * @param progress called with the number of areas written so far
   */
  async import(
    administrator: Administrator,
    items: readonly Item[],
    strict: boolean,
    progress: (written: number) => void = () => undefined,
  ): Promise<AreaImported> {
    assertPlatform(administrator);
    const known = await this.areas.find();
    const before = new Map(known.map(({ areaCode, parentCode }) => [areaCode, parentCode]));
    const parents = new Map(before);
    const { placed, refused } = judged(items, parents);
    if (strict && refused.length > 0) return { imported: 0, moved: 0, refused, detached: detachedOf(before) };
    const moved = rederived(known, placed, parents);
    const written = [...placed, ...moved];
    for (let start = 0; start < written.length; start += BATCH) {
      await this.write(administrator, written.slice(start, start + BATCH));
      progress(Math.min(start + BATCH, placed.length));
    }
    return { imported: placed.length, moved: moved.length, refused, detached: detachedOf(parents) };
  }

  private async write(administrator: Administrator, batch: readonly Area[]): Promise<void> {
    const now = this.clock.now();
    await this.database.transact(async (transaction) => {
      for (const { areaCode, parentCode, name } of batch)
        await transaction.all(UPSERT, [areaCode, parentCode, name]);
      const detail = { count: batch.length, first: batch[0]?.areaCode ?? '' };
      await writeEvent(
        transaction,
        administrationEvent('areas-imported', administrator, { ownerId: '' }, now, detail),
      );
    });
    await this.tree.forget(batch.map(({ areaCode }) => areaCode));
  }
}

/**
 * Parses the items and finds each one's parent among them and what exists.
 *
 * @param parents all existing areas by parent; the new ones are added
 * @returns the areas in an order that has every parent before its children
 */
function judged(items: readonly Item[], parents: Map<string, string | null>) {
  const refused: Refused[] = [];
  const inputs = new Map<string, AreaInput & { line: number }>();
  for (const { line, input } of items) {
    const result = areaSchema.safeParse(input);
    if (!result.success) {
      refused.push({ line, reason: problemOf(result) ?? '' });
      continue;
    }
    const area = derivable(result.data);
    if (inputs.has(area.areaCode)) refused.push({ line, reason: 'areaCode occurs twice in this list' });
    else inputs.set(area.areaCode, { ...area, line });
  }

  const known = (code: string) => inputs.has(code) || parents.has(code);
  const placed: Placed[] = [];
  for (const input of inputs.values()) {
    const parentCode = parentOf(input, known);
    if (typeof parentCode === 'object' && parentCode !== null)
      refused.push({ line: input.line, reason: parentCode.reason });
    else placed.push({ areaCode: input.areaCode, name: input.name, line: input.line, parentCode });
  }
  return rooted(placed, refused, parents);
}

/** Where the parent is to be derived, a code of 2 or 4 digits is written in 6. */
function derivable(area: AreaInput): AreaInput {
  return area.parentCode === undefined ? { ...area, areaCode: fullCode(area.areaCode) } : area;
}

function parentOf(
  { areaCode, parentCode }: AreaInput,
  known: (code: string) => boolean,
): string | null | { reason: string } {
  if (parentCode === null) return null;
  if (parentCode !== undefined)
    return known(parentCode)
      ? parentCode
      : { reason: 'parentCode names no area of this list or of an earlier import' };
  const above = divisionsAbove(areaCode);
  if (above === null)
    return { reason: 'parentCode must be given: areaCode is not a division code of 2, 4, 6, 9 or 12 digits' };
  return above.find(known) ?? null;
}

/** Refuses areas below themselves, too deep, or below a refused one, and sorts the others by depth. */
function rooted(areas: readonly Placed[], refused: Refused[], parents: Map<string, string | null>) {
  for (const { areaCode, parentCode } of areas) parents.set(areaCode, parentCode);
  const depths = new Map<string, number>();
  const placed: Placed[] = [];
  for (const area of areas) {
    const depth = depthOf(area.areaCode, parents);
    if (depth === null)
      refused.push({
        line: area.line,
        reason: `parentCode leads to no area, to itself, or through more than ${MAX_DEPTH} levels`,
      });
    else placed.push(area);
    depths.set(area.areaCode, depth ?? 0);
  }
  return {
    placed: placed.toSorted((a, b) => (depths.get(a.areaCode) ?? 0) - (depths.get(b.areaCode) ?? 0)),
    refused: refused.toSorted((a, b) => a.line - b.line),
  };
}

function depthOf(areaCode: string, parents: ReadonlyMap<string, string | null>): number | null {
  let depth = 0;
  for (let code = parents.get(areaCode); code !== null; code = parents.get(code)) {
    depth += 1;
    if (code === undefined || depth >= MAX_DEPTH) return null;
  }
  return depth;
}

/**
 * The areas that existed before and whose nearest division above is among those that were imported. A parent that
 * cannot have been derived is left alone.
 *
 * @param parents all areas by parent; the new parents are set in it
 */
function rederived(
  before: readonly Area[],
  placed: readonly Placed[],
  parents: Map<string, string | null>,
): Area[] {
  const imported = new Set(placed.map(({ areaCode }) => areaCode));
  const moved: Area[] = [];
  for (const { areaCode, parentCode, name } of before) {
    const above = imported.has(areaCode) ? [] : (divisionsAbove(areaCode) ?? []);
    const nearest = above.find((code) => parents.has(code));
    if (nearest === undefined || nearest === parentCode || !imported.has(nearest)) continue;
    if (parentCode !== null && !above.includes(parentCode)) continue;
    parents.set(areaCode, nearest);
    if (depthOf(areaCode, parents) === null) parents.set(areaCode, parentCode);
    else moved.push({ areaCode, parentCode: nearest, name });
  }
  return moved;
}

const FIRST = 5;

function detachedOf(parents: ReadonlyMap<string, string | null>): AreaImported['detached'] {
  const codes = [...parents]
    .filter(([code, parent]) => parent === null && (divisionsAbove(code)?.length ?? 0) > 0)
    .map(([code]) => code);
  return { count: codes.length, first: codes.toSorted().slice(0, FIRST) };
}
