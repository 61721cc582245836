import type { Instant } from '../../../src/model/duration.ts'
import type { TestDatabase } from './postgres.ts'

/** A lease of a stack that was taken, by the clock of the database. */
export interface Take {
  readonly stack: string
  readonly epoch: number
  readonly at: Instant
}

/** Writes down from now on who takes the lease of a stack and when: the table of leases itself knows the last one only. */
export async function watchTakes(database: TestDatabase): Promise<() => Promise<readonly Take[]>> {
  await database.sql(`
    create table public.take (stack text not null, epoch bigint not null, at timestamptz not null);
    create function public.note_take() returns trigger language plpgsql as $$ begin
      insert into public.take values (new.stack, new.epoch, clock_timestamp());
      return null;
    end $$;
    create trigger note_take after insert or update of epoch on fluxloop_keys.lease
      for each row when (new.origin <> 'fleet') execute function public.note_take()`)
  return async () => {
    const rows = await database.sql(
      'select stack, epoch::float8 as epoch, extract(epoch from at)::float8 * 1000 as at from public.take order by at',
    )
    return rows.map(row => ({
      stack: String(row['stack']),
      epoch: Number(row['epoch']),
      at: Number(row['at']),
    }))
  }
}
