// What docs/compatibility.md promises, over files that released versions wrote (test/fixtures/releases). RELEASE=1.2.3 writes those of a new
// version, once: the files of a version that is out are never written again.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import t, { type Test } from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { readPlanFile } from '../../src/plan/plan-file.ts'
import { readDescription } from '../../src/platform/marker-text.ts'
import { failureToJson } from '../../src/render/text/failure-json.ts'
import { desired } from '../config/support.ts'
import { type Stage, stage } from '../support/stage.ts'

const releases = new URL('../fixtures/releases/', import.meta.url)
const configuration = 'fluxloop-keys.yaml'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The documents that are compared, in the order in which they are made on one stage. */
const outputs: Readonly<Record<string, string>> = {
  validation: 'validate --json',
  plan: 'plan --json',
  applied: 'apply --json --auto-approve --log run.log',
  events: 'rotate ci-pipeline --json-lines --auto-approve --log run.log',
  list: 'list --json',
  history: 'history --json --log run.log',
  verification: 'verify --json',
  calendar: 'calendar --json',
  audit: 'audit --json',
  apikeys: 'apikeys list --json',
  auth: 'auth whoami --json',
}

interface Written {
  readonly documents: Readonly<Record<string, unknown>>
  readonly log: string
  readonly planFile: string
}

/** One document, or those of all lines as one list. */
function parsed(name: string, text: string): unknown {
  return name === 'events'
    ? text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as unknown)
    : JSON.parse(text)
}

async function writeAll(s: Stage): Promise<Written> {
  await s.succeed('plan --out plan-file.json')
  const documents: Record<string, unknown> = {
    failure: failureToJson(new Failure('usage', 'What happened', { hints: ['What to do.'] }), 2),
  }
  for (const [name, line] of Object.entries(outputs)) {
    const { out, err } = await s.run(line)
    if (out() === '') throw new Error(`${line} prints nothing: ${err()}`)
    documents[name] = parsed(name, out())
  }
  return {
    documents,
    log: await s.read('run.log'),
    planFile: await s.read('plan-file.json'),
  }
}

/** The names of all properties, with the kinds of their values; of a list those of all its entries. */
function shapeOf(value: unknown, path = ''): ReadonlySet<string> {
  if (Array.isArray(value)) return new Set(value.flatMap(each => [...shapeOf(each, `${path}[]`)]))
  if (typeof value !== 'object' || value === null)
    return new Set(value === null ? [] : [`${path}: ${typeof value}`])
  return new Set(Object.entries(value).flatMap(([name, each]) => [path, ...shapeOf(each, `${path}.${name}`)]))
}

const read = (version: string, name: string) => readFile(new URL(`${version}/${name}`, releases), 'utf8')
const json = async (version: string, name: string): Promise<unknown> => JSON.parse(await read(version, name))

/** Nothing of the machine that wrote them stays in the files. */
function neutral(text: string, folder: string): string {
  const { username } = userInfo()
  return text
    .replaceAll(folder, '/home/team/keys')
    .replaceAll(/[^"]*\/fluxloop-config-\w+/g, '/home/team/keys')
    .replaceAll(`"host":"${hostname()}"`, '"host":"build"')
    .replaceAll(`"user":"${username}"`, '"user":"team"')
    .replaceAll(`"host": "${hostname()}"`, '"host": "build"')
    .replaceAll(`"user": "${username}"`, '"user": "team"')
}

/** The plan file with the digest of what is in it now. */
function digested(text: string): string {
  const file = JSON.parse(text) as Record<string, unknown>
  const { format, version, ...rest } = file
  const content = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'digest'))
  return `${JSON.stringify({ format, version, digest: sha256(JSON.stringify(content)), ...content }, null, 2)}\n`
}

async function desiredOf(text: string): Promise<unknown> {
  return JSON.parse(neutral(JSON.stringify(await desired({ [configuration]: text })), '/nowhere'))
}

async function writeRelease(t: Test, version: string): Promise<void> {
  const folder = new URL(`${version}/`, releases)
  await mkdir(folder, { recursive: true })
  const text = await read(version, configuration)
  const s = stage(t, { [configuration]: text })
  const { documents, log, planFile } = await writeAll(s)
  const put = (name: string, content: string) =>
    writeFile(new URL(name, folder), neutral(content, s.folder), { flag: 'wx' })
  const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  for (const [name, document] of Object.entries(documents)) await put(`${name}.json`, pretty(document))
  await put('run.log', log)
  await put('plan-file.json', digested(neutral(planFile, s.folder)))
  await put('desired.json', pretty(await desiredOf(text)))
}

const asked = process.env['RELEASE']
if (asked !== undefined) t.test(`writes the files of ${asked}`, t => writeRelease(t, asked))

const versions = (await readdir(releases)).sort()

for (const version of versions) {
  t.test(`reads what ${version} wrote`, async t => {
    const text = await read(version, configuration)
    t.match(
      await desiredOf(text),
      await json(version, 'desired.json'),
      'the configuration means what it meant',
    )

    const markers = (await json(version, 'markers.json')) as { text: string; marker: object }[]
    t.ok(markers.length > 5, 'a marker of each state')
    for (const { text: description, marker } of markers)
      t.same(readDescription(description).ownership, { kind: 'managed', marker }, description)

    const file = await read(version, 'plan-file.json')
    t.match(readPlanFile(file, 'plan-file.json', sha256), { plan: { stack: 'acme-agents' } }, 'the plan file')

    const s = stage(t, {
      [configuration]: text,
      'run.log': await read(version, 'run.log'),
      'baseline.json': await read(version, 'audit.json'),
    })
    const history = await s.succeed('history --json --log run.log')
    t.same(JSON.parse(history.out()), await json(version, 'history.json'), 'the log')
    const { code, out } = await s.run('audit --json --baseline baseline.json')
    t.ok([0, 6].includes(code), 'the report of an audit')
    t.match(JSON.parse(out()), { format_version: /^1\./ })
  })

  t.test(`every property that ${version} printed is still printed`, async t => {
    const text = await read(version, configuration)
    const { documents } = await writeAll(stage(t, { [configuration]: text }))
    for (const name of Object.keys(documents)) {
      const before = await json(version, `${name}.json`)
      const after = shapeOf(documents[name])
      const lost = [...shapeOf(before)].filter(each => !after.has(each))
      t.strictSame(lost, [], name)
    }
  })
}

t.test('there are files of the first version', t => {
  t.ok(versions.includes('0.1.0'))
  t.end()
})
