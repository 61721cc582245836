import { type AddressRange, isRange } from '../model/address-range.ts'
import type { Consumer } from '../model/consumer.ts'
import { day, parseDuration } from '../model/duration.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawConsumer, RawKey } from './raw.ts'

const usuallyEvery = 28 * day

function rangesOf(at: Located<RawConsumer>, report: Report): readonly AddressRange[] | null {
  const { addresses } = at.value
  for (const [index, text] of (addresses ?? []).entries()) {
    if (isRange(text)) continue
    const message = `"${text}" is not an address, nor a range of addresses`
    const hint = 'Write 203.0.113.7, or a range whose address has no bits beyond its length: 203.0.113.0/24.'
    const place = { ...at, path: [...at.path, 'addresses', index] }
    report(diagnosticFor(place, { code: 'bad-address', message, hint }))
  }
  return addresses ?? null
}

/** Nearly every key has none, and shares this. */
const none: readonly Consumer[] = []

/** The consumers that a key declares; none where it says nothing of them. */
export function resolveConsumers(key: Located<RawKey>, report: Report): readonly Consumer[] {
  if (key.value.consumers === undefined) return none
  const names = new Set<string>()
  return key.value.consumers.map((raw, index): Consumer => {
    const at = { value: raw, part: key.part, path: [...key.path, 'consumers', index] }
    if (names.has(raw.name)) {
      const message = `The key has another consumer "${raw.name}"`
      const place = { ...at, path: [...at.path, 'name'] }
      report(
        diagnosticFor(place, { code: 'consumer-twice', message, hint: 'Give one of them another name.' }),
      )
    }
    names.add(raw.name)
    const { name, userAgent = null, projects = null, operations = null, every } = raw
    return {
      name,
      userAgent,
      addresses: rangesOf(at, report),
      projects,
      operations,
      every: every === undefined ? usuallyEvery : (parseDuration(every) ?? usuallyEvery),
    }
  })
}
