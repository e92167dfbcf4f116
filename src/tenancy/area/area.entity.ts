import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An administrative area (e.g. a GB/T 2260 code), shared by all projects; a tree by `parentCode`. */
@Entity('bo_sys_area')
export class Area {
  @PrimaryColumn({ name: 'area_code', type: 'varchar', length: 64 })
  areaCode!: string;

  @Column({ name: 'parent_code', type: 'varchar', length: 64, nullable: true })
  parentCode!: string | null;

  @Column({ type: 'varchar', length: 128 })
  name!: string;
}
