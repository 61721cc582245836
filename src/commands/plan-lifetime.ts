import { type Milliseconds, day, parseDuration } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { suggestUnit } from '../model/suggest-unit.ts'

/** How long a plan file may be applied, as `plan --ttl` and `apply --ttl` say; a day where nobody says. Throws a usage `Failure`. */
export function planLifetime(ttl: string | null): Milliseconds {
  if (ttl === null) return day
  const lifetime = parseDuration(ttl)
  if (lifetime !== null) return lifetime
  throw new Failure('usage', `--ttl takes a period such as 24h or 7d, not \`${ttl}\``, {
    hints: suggestUnit(ttl, 'h'),
  })
}
