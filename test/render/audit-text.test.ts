import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { validateXML } from 'xmllint-wasm'
import type { AuditFinding, AuditReport } from '../../src/model/audit.ts'
import { type BuiltInRule, type Severity, auditRules, builtInRules } from '../../src/model/audit-rule.ts'
import { auditToCsv } from '../../src/render/audit/audit-csv.ts'
import { auditToJson } from '../../src/render/audit/audit-json.ts'
import { auditToJunit } from '../../src/render/audit/audit-junit.ts'
import { auditToMarkdown } from '../../src/render/audit/audit-markdown.ts'
import { auditToSarif } from '../../src/render/audit/audit-sarif.ts'
import { renderAudit } from '../../src/render/audit/audit-text.ts'
import { jsonText } from '../../src/render/text/json.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { ruleHelp } from '../../src/render/audit/rule-help.ts'
import { golden } from './golden.ts'
import { emptyReport, finding, hostile, report, sentinel } from './sample-audit.ts'

const require = createRequire(import.meta.url)
const text = (path: string | URL) => readFileSync(path, 'utf8')
const schemaAt = (path: string | URL) => JSON.parse(text(path)) as object
const formats = {
  uri: /^[a-z][a-z0-9+.-]*:\S*$/i,
  'uri-reference': /^[^\s\\]*$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
}
// One of its patterns is not a regular expression of Unicode mode.
const isSarif = new Ajv({ strict: false, unicodeRegExp: false, formats }).compile(
  schemaAt(require.resolve('schemastore/schemas/json/sarif-2.1.0.json')),
)
const isJson = new Ajv2020({ strict: true, formats, allowUnionTypes: true }).compile(
  schemaAt(new URL('../../schemas/audit.schema.json', import.meta.url)),
)
const xsd = text(require.resolve('jest-junit-reporter/src/__tests__/fixtures/junit.xsd'))

const sarifOf = (given: AuditReport) =>
  auditToSarif(auditToJson(given), { version: '1.2.3', home: 'keys/back up.yaml' })
const junitOf = (given: AuditReport) => auditToJunit(auditToJson(given), 'high')
const csvOf = (given: AuditReport) => auditToCsv(auditToJson(given))
const textOf = (given: AuditReport, width = 80, colour = false) =>
  renderAudit(given, { palette: paletteFor(colour), width })
const every: Readonly<Record<string, (given: AuditReport) => string>> = {
  text: textOf,
  json: given => jsonText(auditToJson(given)),
  sarif: given => jsonText(sarifOf(given)),
  junit: junitOf,
  markdown: auditToMarkdown,
  csv: csvOf,
}

/** A file name with backslashes, quotes and line breaks, and whatever else a format could trip over. */
const nasty =
  'a "b" \'c\' <d> & ]]> | `e` \\ \u0000\u0001\u001b[31m\r\n\u202e\ud800\ufffe, ; =1+1 <!-- --> @team #1'
const reports = { report, emptyReport, nasty: hostile(nasty), known: { ...report, known: 3 } }

t.test('renders every kind of finding as its golden files show', async t => {
  golden(t, 'audit-80', textOf(report), import.meta.url)
  golden(t, 'audit-40', textOf(report, 40), import.meta.url)
  golden(t, 'audit-pipe', textOf(report, Infinity), import.meta.url)
  golden(t, 'audit-terminal', textOf(report, 100, true), import.meta.url)
  golden(t, 'audit-markdown', auditToMarkdown(report), import.meta.url)
  golden(t, 'audit-csv', csvOf(report).replaceAll('\r', '\\r'), import.meta.url)
  golden(t, 'audit-junit', junitOf(report), import.meta.url)
  golden(t, 'audit-known', textOf({ ...emptyReport, known: 3 }), import.meta.url)
})

t.test('gives SARIF that the official schema accepts, and JSON that our own does', async t => {
  for (const [name, given] of Object.entries(reports)) {
    t.ok(isSarif(sarifOf(given)), `${name}: ${JSON.stringify(isSarif.errors)}`)
    t.ok(isJson(auditToJson(given)), `${name}: ${JSON.stringify(isJson.errors)}`)
  }
  t.notOk(isSarif({ ...sarifOf(report), version: '2.0.0' }))
  t.notOk(isJson({ ...auditToJson(report), stack: 1 }))
})

t.test('gives JUnit that a published schema accepts', async t => {
  const xml = Object.entries(reports).map(([name, given]) => ({
    fileName: `${name}.xml`,
    contents: junitOf(given),
  }))
  const { valid, errors } = await validateXML({ xml, schema: xsd })
  t.strictSame(errors, [])
  t.ok(valid)
  const broken = { fileName: 'broken.xml', contents: junitOf(report).replace('hostname="localhost"', '') }
  t.notOk((await validateXML({ xml: broken, schema: xsd })).valid)
})

t.test('fails in JUnit what is bad enough, and passes with a word what is not or is excepted', async t => {
  const failed = (given: AuditReport) =>
    [...junitOf(given).matchAll(/<failure .*type="(\w+)"/g)].map(([, is]) => is)
  t.strictSame(failed(report), ['critical', 'high'])
  t.strictSame(failed(emptyReport), [])
  t.match(junitOf(emptyReport), 'tests="1"')
  t.match(
    junitOf(report),
    'name="all-projects (excepted until 2027-04-01T00:00:00Z, data-team: it backs up | them all)',
  )
  t.match(junitOf(report), 'name="shared-key (not looked at: budget): 4 live keys"')
})

interface Sarif {
  readonly runs: readonly {
    readonly invocations: readonly { readonly toolExecutionNotifications: readonly object[] }[]
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly message: { readonly text: string }
      readonly suppressions: readonly object[]
      readonly partialFingerprints: Readonly<Record<string, string>>
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: object; readonly region?: object }
      }[]
    }[]
  }[]
}

t.test('says in SARIF where in the YAML, how bad, who excepted it, and what it is known by', async t => {
  const [run] = (sarifOf(report) as Sarif).runs
  t.ok(run)
  const { rules } = run?.tool.driver ?? { rules: [] }
  t.strictSame(
    rules.map(({ id }) => id),
    [...builtInRules, 'prod-in-shared-store'],
  )
  const results = run?.results ?? []
  t.strictSame(
    results.map(({ level }) => level),
    ['error', 'error', 'warning', 'warning', 'note', 'note'],
  )
  for (const { ruleId, ruleIndex } of results) t.equal(rules[ruleIndex]?.id, ruleId)
  const place = { uri: 'keys/back%20up.yaml', uriBaseId: '%SRCROOT%' }
  t.strictSame(results[1]?.locations[0]?.physicalLocation, {
    artifactLocation: place,
    region: { startLine: 12, startColumn: 3 },
  })
  t.strictSame(
    results[2]?.locations[0]?.physicalLocation,
    { artifactLocation: place },
    'of nobody: no region',
  )
  t.strictSame(
    results.map(({ suppressions }) => suppressions.length),
    [0, 0, 0, 0, 1, 0],
  )
  t.match(results[4]?.suppressions[0], {
    kind: 'external',
    justification: 'it backs up | them all (data-team), until 2027-04-01T00:00:00Z',
  })
  t.strictSame(
    results.map(({ partialFingerprints }) => partialFingerprints['fluxloopKeys/v1']),
    report.findings.map(({ fingerprint }) => fingerprint),
  )
})

t.test('names no secret in any format, wherever it stands', async t => {
  for (const [name, render] of Object.entries(every)) {
    const output = render(hostile(`key ${sentinel} of mine`))
    t.notMatch(output, /SENTINEL/, name)
    t.match(output, 'flux_ci', name)
  }
})

t.test('prints nothing in any format that a terminal acts on', async t => {
  for (const [name, render] of Object.entries(every))
    t.notMatch(
      render(hostile(nasty)),
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202e\ud800]/u,
      name,
    )
})

t.test('gives a spreadsheet no formula, and each record its columns', async t => {
  const cells = (line: string) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const lines = (given: string) => csvOf(hostile(given)).split('\r\n').slice(0, -1).map(cells)
  for (const start of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', nasty])
    t.strictSame(
      lines(start).flatMap(line => line.filter(cell => /^\s*[=+\-@＝]/.test(cell))),
      [],
      start,
    )
  t.ok(lines('=1').flat().includes("'=1"))
  t.strictSame(
    lines(nasty).map(line => line.length),
    [19, 19, 19, 19],
  )
  t.match(csvOf(hostile('a "b", c')), '"a ""b"", c"')
})

t.test('lets nobody write Markdown, mention a team or link from a name', async t => {
  const output = auditToMarkdown(hostile('[x](https://evil.example) @team #1 <img> |  `a` **b**'))
  t.notMatch(output, /\]\(|:\/\/|@team|#1\b|<img|`a`|\*\*b/)
})

t.test('gives a scanner the worst 25,000 findings, and names the rest in a notification', async t => {
  const [sample] = report.findings
  if (sample === undefined) throw new Error('the sample has findings')
  const of = (severity: Severity, rule: BuiltInRule, count: number, over: Partial<AuditFinding> = {}) =>
    Array.from({ length: count }, () => ({ ...sample, severity, rule, suppressedBy: null, ...over }))
  const exception = report.findings.find(({ suppressedBy }) => suppressedBy !== null)?.suppressedBy ?? null
  const findings = [
    ...of('low', 'missing-owner', 10),
    ...of('critical', 'stale-secret', 3, { suppressedBy: exception }),
    ...of('medium', 'unused-key', 24_990),
    ...of('high', 'can-manage-keys', 5),
    ...of('info', 'missing-description', 7),
  ]
  const log = sarifOf({ ...report, findings }) as Sarif
  t.ok(isSarif(log))
  const results = log.runs[0]?.results ?? []
  t.equal(results.length, 25_000)
  const counts = (rule: string) => results.filter(({ ruleId }) => ruleId === rule).length
  t.strictSame(
    ['missing-owner', 'stale-secret', 'unused-key', 'can-manage-keys', 'missing-description'].map(counts),
    [5, 0, 24_990, 5, 0],
  )
  t.equal(results[0]?.ruleId, 'missing-owner', 'in the order in which they came')
  const [first] = log.runs[0]?.invocations[0]?.toolExecutionNotifications ?? []
  t.strictSame(first, {
    level: 'warning',
    message: {
      text: '15 findings of 25015 left out, since GitHub takes at most 25000: 3 critical stale-secret (excepted), 5 low missing-owner, 7 info missing-description. All of them: fluxloop-keys audit --json',
    },
    properties: { left_out: 15 },
  })
})

t.test('lets no name link from a SARIF message, nor stand for an argument of it', async t => {
  const [run] = (sarifOf(hostile('[Review](https://evil.example) {0}')) as Sarif).runs
  const messages = JSON.stringify(run?.results.map(({ message }) => message))
  t.match(messages, '[Review]\u200b(https://evil.example) {{0}}')
  t.notMatch(messages, /\]\(|[^{]\{\d/)
})

t.test('ends a Markdown comment before it is too long for one', async t => {
  const many = Array.from({ length: 500 }, () => finding())
  const output = auditToMarkdown({ ...report, findings: many })
  t.match(output, 'And 400 more findings.')
  t.ok(output.length < 65_536)
})

t.test(
  'has a page for every rule, that says what the table and the scanners say, and no other page',
  async t => {
    const folder = new URL('../../docs/rules/', import.meta.url)
    t.strictSame(readdirSync(folder).sort(), [...builtInRules.map(id => `${id}.md`), 'README.md'].sort())
    const catalogue = text(new URL('../reference.md', folder))
    const flat = (page: string) => page.replace(/\s+/g, ' ')
    for (const id of builtInRules) {
      const { severity, needs, title } = auditRules[id]
      const page = text(new URL(`${id}.md`, folder))
      t.strictSame(page.match(/^#.*$/gm), [`# ${id}`, '## What', '## Why', '## Fix', '## Exception'])
      t.match(page, `${title}. Severity: \`${severity}\`.`, id)
      t.match(flat(page), `## Why ${ruleHelp[id].why}`)
      t.match(flat(page), `## Fix ${ruleHelp[id].fix}`)
      const row = catalogue.split('\n').find(line => line.includes(`(rules/${id}.md)`)) ?? ''
      t.strictSame(
        row
          .split('|')
          .slice(2, 5)
          .map(cell => cell.trim()),
        [severity, needs, title],
      )
    }
    t.match(text(new URL('../policy.md', folder)), '](rules/README.md)')
  },
)
