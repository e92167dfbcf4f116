import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A system of a project; the `XsysId` header selects it. */
@Entity('bo_system')
export class System {
  @PrimaryColumn({ name: 'owner_id', type: 'varchar', length: 64 })
  ownerId!: string;

  @PrimaryColumn({ name: 'sys_id', type: 'varchar', length: 64 })
  sysId!: string;

  @Column({ type: 'varchar', length: 128 })
  name!: string;
}
