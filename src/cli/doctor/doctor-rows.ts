import type { DataSource } from 'typeorm';

export function rows<Row>(dataSource: DataSource, sql: string): Promise<Row[]> {
  return dataSource.query(sql) as Promise<Row[]>;
}
