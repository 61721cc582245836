import { Failure } from '../../model/failure.ts'
import type { FoundSecret } from '../../model/leak.ts'
import { Secret } from '../../model/secret.ts'

/** What the platform's secrets begin with; its pages know both families. */
const secretText = /\b(?:flux_(?:dev|stg|prod|ci)|flx_(?:api|sa|sk))_[A-Za-z0-9_-]{6,200}/g

/** More secrets than that are a report of something else. */
const mostSecrets = 1_000

interface RawFinding {
  readonly text: string
  readonly place: string
}

type Fields = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const [name, ...rest] = path
  if (name === undefined)
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
  return isRecord(value) ? textAt(value[name], ...rest) : ''
}

function placeText(file: string, line: string, commit: string): string {
  const where = line === '' || line === '0' ? file : `${file}:${line}`
  return commit === '' ? where : `${where} in ${commit.slice(0, 12)}`
}

/** One entry of a report of gitleaks 8 (`--report-format json`): names are those of its struct `Finding`. */
function ofGitleaks(entry: Fields): RawFinding {
  const place = placeText(textAt(entry, 'File'), textAt(entry, 'StartLine'), textAt(entry, 'Commit'))
  return { text: textAt(entry, 'Secret'), place }
}

/** One line of trufflehog 3 (`--json`): the source's own name stands in `SourceMetadata.Data`. */
function ofTrufflehog(entry: Fields): RawFinding {
  const sources = isRecord(entry['SourceMetadata']) ? entry['SourceMetadata']['Data'] : undefined
  const [source] = isRecord(sources) ? Object.values(sources) : []
  const file = textAt(source, 'file') || textAt(source, 'link')
  const place = placeText(file, textAt(source, 'line'), textAt(source, 'commit'))
  return { text: textAt(entry, 'Raw') || textAt(entry, 'RawV2'), place }
}

/** One match of the message that GitHub's secret scanning sends to partners. */
const ofPartner = (entry: Fields): RawFinding => ({
  text: textAt(entry, 'token'),
  place: textAt(entry, 'url'),
})

/** One alert of GitHub's secret scanning, as its API lists them. */
const ofAlert = (entry: Fields): RawFinding => ({
  text: textAt(entry, 'secret'),
  place: textAt(entry, 'html_url'),
})

interface Format {
  readonly name: string
  readonly fits: (entry: Fields) => boolean
  readonly read: (entry: Fields) => RawFinding
}

const formats: readonly Format[] = [
  { name: 'a report of gitleaks', fits: entry => 'Secret' in entry && 'RuleID' in entry, read: ofGitleaks },
  {
    name: 'a report of trufflehog',
    fits: entry => 'DetectorName' in entry && 'Raw' in entry,
    read: ofTrufflehog,
  },
  {
    name: 'a message of secret scanning',
    fits: entry => 'token' in entry && 'type' in entry,
    read: ofPartner,
  },
  {
    name: 'an alert of secret scanning',
    fits: entry => 'secret' in entry && 'secret_type' in entry,
    read: ofAlert,
  },
  {
    name: 'an alert of secret scanning',
    fits: ({ alert }) => isRecord(alert) && 'secret_type' in alert,
    read: ({ alert }) => ofAlert(isRecord(alert) ? alert : {}),
  },
]

/** JSON, or a line of JSON for each finding; null for anything else. */
function parseEntries(text: string): readonly unknown[] | null {
  const parse = (part: string): unknown => {
    try {
      return JSON.parse(part)
    } catch {
      return undefined
    }
  }
  const whole = parse(text)
  if (whole !== undefined) return Array.isArray(whole) ? (whole as readonly unknown[]) : [whole]
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const entries = lines.map(parse)
  return entries.length === 0 || entries.includes(undefined) ? null : entries
}

/** The secrets in the text of one finding: a rule may have taken more than the secret. */
function secretsIn({ text, place }: RawFinding): readonly FoundSecret[] {
  const found = text.match(secretText) ?? [text.trim()]
  return found
    .filter(each => each !== '')
    .map(each => ({ secret: new Secret(each), places: place === '' ? [] : [place] }))
}

/** A text with secrets of the platform in it, or one secret and nothing else, whatever that begins with. */
function ofText(text: string): readonly FoundSecret[] {
  const found = text.match(secretText)
  if (found !== null) return found.map(each => ({ secret: new Secret(each), places: [] }))
  const alone = text.trim()
  return /^[!-~]{8,8192}$/.test(alone) ? [{ secret: new Secret(alone), places: [] }] : []
}

function together(all: readonly FoundSecret[]): readonly FoundSecret[] {
  const unique: FoundSecret[] = []
  for (const { secret, places } of all) {
    const index = unique.findIndex(other => other.secret.equals(secret))
    const before = unique[index]
    if (before === undefined) unique.push({ secret, places })
    else unique[index] = { secret, places: [...new Set([...before.places, ...places])] }
  }
  return unique
}

function unreadable(hint: string): Failure {
  return new Failure('usage', 'This is not a report that leak can read', {
    hints: [
      hint,
      'It takes the JSON of gitleaks, trufflehog and GitHub secret scanning, or a text with a secret in it.',
    ],
  })
}

/** What was found, each secret once, and in what. Throws a usage `Failure`, which holds nothing of the text. */
export function readReport(text: string): {
  readonly found: readonly FoundSecret[]
  readonly source: string
} {
  const entries = parseEntries(text)
  if (entries === null || entries.every(entry => !isRecord(entry) && typeof entry === 'string'))
    return { found: limited(ofText(text)), source: 'a text' }
  const findings = entries.map(entry => {
    const format = isRecord(entry) ? formats.find(({ fits }) => fits(entry)) : undefined
    if (format === undefined || !isRecord(entry))
      throw unreadable('One of its entries has no secret that it knows of.')
    return { format, raw: format.read(entry) }
  })
  // Nothing must look contained because the report keeps to itself what leaked.
  if (findings.some(({ raw }) => raw.text.trim() === ''))
    throw unreadable('One of its entries does not hold the secret itself.')
  if (findings.some(({ raw }) => /^(REDACTED|\*+)$/.test(raw.text.trim())))
    throw unreadable('Its secrets are redacted: scan again without that option.')
  return {
    found: limited(findings.flatMap(({ raw }) => secretsIn(raw))),
    source: findings[0]?.format.name ?? 'an empty report',
  }
}

function limited(all: readonly FoundSecret[]): readonly FoundSecret[] {
  const found = together(all)
  if (found.length <= mostSecrets) return found
  throw unreadable(`It has more than ${mostSecrets} secrets: give it those of the platform alone.`)
}
