import { suggestion } from '../../../src/config/suggestion.ts'
import type { Path } from '../../../src/config/read-yaml.ts'
import { type ChangeWindow, weekdays } from './fleet.ts'
import type { RawWindow } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'

/** `09:30` is 570. */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

const zones = new Map<string, string>()

function lookUp(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return null
  }
}

/** The name as the system spells it; null where it knows no such zone. Each is asked for once, which takes long. */
function timeZoneOf(name: string): string | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  const found = lookUp(name)
  if (found !== null) zones.set(name, found)
  return found
}

export function resolveWindows(
  windows: readonly RawWindow[],
  path: Path,
  document: FleetDocument,
): readonly ChangeWindow[] {
  return windows.flatMap((raw, index) => resolveWindow(raw, [...path, index], document) ?? [])
}

function resolveWindow(raw: RawWindow, path: Path, document: FleetDocument): ChangeWindow | null {
  const [from, to] = [minutesOf(raw.from), minutesOf(raw.to)]
  const name = raw['time-zone'] ?? 'UTC'
  // Node takes offsets such as +01:00, which know no summer.
  const timeZone = /^[A-Za-z]/.test(name) ? timeZoneOf(name) : null
  if (timeZone === null) {
    const known = Intl.supportedValuesOf('timeZone')
    const meant = suggestion(name, known)?.match(/^Did you mean `[^`]+`\?/)?.[0]
    document.report([...path, 'time-zone'], {
      code: 'unknown-value',
      message: `There is no time zone "${name}"`,
      hint: [meant, 'Write an IANA name such as Europe/Berlin, or UTC.'].filter(Boolean).join(' '),
    })
    return null
  }
  if (from === to) {
    document.report([...path, 'to'], {
      code: 'bad-value',
      message: 'The change window ends when it begins',
      hint: 'For a whole day, write from: "00:00" and to: "24:00".',
    })
    return null
  }
  const days = weekdays.filter(day => raw.days?.includes(day) ?? true)
  return { days, from, to, timeZone }
}
