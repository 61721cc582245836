import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Marker } from '../../../src/model/marker.ts'
import type { Ended } from '../../support/program.ts'
import type { Stage } from './stage.ts'

export interface Own {
  readonly live: LiveKey
  readonly marker: Marker
}

/** The live keys of a key id of the stack that the scenes are about, the newest generation first. */
export async function ownKeys(stage: Pick<Stage, 'platform'>, keyId: string): Promise<readonly Own[]> {
  const keys = await stage.platform.managed()
  return keys
    .flatMap(live => (live.ownership.kind === 'managed' ? [{ live, marker: live.ownership.marker }] : []))
    .filter(({ marker }) => marker.stack === 'kill-test' && marker.keyId === keyId)
    .sort((a, b) => b.marker.generation - a.marker.generation)
}

/** An orphan is a live key that was not there at the beginning, and belongs to none of these key ids by its marker. */
export async function orphanFaults(
  stage: Pick<Stage, 'platform' | 'others'>,
  keyIds: readonly string[],
): Promise<readonly string[]> {
  const live = await stage.platform.live()
  const own = (await Promise.all(keyIds.map(keyId => ownKeys(stage, keyId)))).flat()
  const known = new Set([...stage.others, ...own.map(({ live: { id } }) => id)])
  const orphans = live.filter(({ id }) => !known.has(id))
  const ids = new Set(live.map(({ id }) => id))
  const gone = [...stage.others].filter(id => !ids.has(id))
  return [
    ...orphans.map(({ name, description }) => `an orphan is left, ${name}: ${description}`),
    ...gone.map(id => `${id} of others is gone`),
  ]
}

/** A fault, with how the run ended that shows it. */
export function said(what: string, { code, signal, stdout, stderr }: Ended): string {
  return `${what} (${code === null ? signal : `exit code ${code}`}): ${stdout}${stderr}`
}
