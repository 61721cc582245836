import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applyRows } from './apply-rows.ts'
import { keychainRows } from './keychain-rows.ts'
import type { Place, Subject } from './place.ts'
import { unit } from './table.ts'
import { type Target, asFast, atMost, megabytes } from './targets.ts'
import { terraformPlan } from './terraform.ts'
import { writeFindings, writeUnending } from './world.ts'

const root = join(import.meta.dirname, '..')
export const program = join(root, 'dist', 'start.cjs')

/** What the rows depend on, next to the built program. */
export interface Around {
  /** Null where there is none on the PATH. */
  readonly terraform: string | null
  /** Other versions of Node, by name. */
  readonly nodes: ReadonlyMap<string, string>
}

export interface Row {
  readonly name: string
  /** Large rows are measured in a fifth of the rounds. */
  readonly size: 'small' | 'large'
  readonly targets: readonly Target[]
  readonly open: (place: Place) => Subject | Promise<Subject>
}

const count = (value: number) => value.toLocaleString('en')

function offline(
  name: string,
  args: readonly string[],
  targets: readonly Target[],
  size: Row['size'] = 'small',
): Row {
  return { name, size, targets, open: place => place.subject({ args }) }
}

/** Fails where there is a change: only a plan with nothing to do is comparable. */
function plan(
  keys: number,
  targets: readonly Target[],
  latency = 0,
  node: string | null = null,
  label = '',
): Row {
  return {
    name: `plan, ${count(keys)} keys${latency === 0 ? '' : `, ${latency} ms a request`}${label}`,
    size: keys < 10_000 ? 'small' : 'large',
    targets,
    open: async place => {
      const { configuration, platform } = await place.world(keys, latency)
      const args = [program, 'plan', '--detailed-exitcode', '-c', configuration]
      return place.subject({ args, env: platform.env, ...(node === null ? {} : { command: node }) }, platform)
    },
  }
}

function terraform(keys: number, version: string): Row {
  return {
    name: `terraform plan, ${count(keys)} resources`,
    size: keys < 1_000 ? 'small' : 'large',
    targets: [],
    open: async place => place.subject(await terraformPlan(keys, version, place.folder)),
  }
}

const pagesAlone = 'the pages alone, 10,000 keys, 50 ms a request'

const readPages: Row = {
  name: pagesAlone,
  size: 'large',
  targets: [],
  open: async place => {
    const { platform } = await place.world(10_000, 50)
    return place.subject({ args: [join(import.meta.dirname, 'read-pages.mjs')], env: platform.env }, platform)
  },
}

const audit: Row = {
  name: 'audit --offline, 10,000 keys, six findings each',
  size: 'large',
  targets: [atMost(36, unit)],
  open: async place => {
    const file = await place.file('findings.yaml', path => writeFindings(10_000, path))
    return place.subject({ args: [program, 'audit', '--offline', '--fail-on', 'critical', '-c', file] })
  },
}

/** Shows the difference, and writes nothing: nobody is there to ask. */
function auditFix(fixes: number, targets: readonly Target[]): Row {
  return {
    name: `audit --fix, ${count(fixes)} of 10,000 keys`,
    size: 'large',
    targets,
    open: async place => {
      const file = await place.file(`unending-${fixes}.yaml`, path => writeUnending(10_000, fixes, path))
      return place.subject({ args: [program, 'audit', '--offline', '--fix', '-c', file] })
    },
  }
}

const exec: Row = {
  name: 'exec KEY -- true, env-file',
  size: 'small',
  targets: [atMost(3, unit)],
  open: async place => {
    const cwd = join(place.folder, 'exec')
    await mkdir(cwd)
    const key =
      '{ name: CI, scope: all, permissions: [read_results], expires: 90d, store: { env-file: { path: .env, name: KEY } } }'
    await writeFile(join(cwd, 'fluxloop-keys.yaml'), `version: 1\nstack: bench\nkeys:\n  ci: ${key}\n`)
    await writeFile(join(cwd, '.env'), `KEY=flux_ci_${'0'.repeat(32)}\n`)
    return place.subject({ args: [program, 'exec', 'ci', '--', 'true'], cwd })
  },
}

/** The rows of other versions of Node: what they are compared with is that Node itself. */
function ofNode(version: string, node: string): readonly Row[] {
  const bare: Row = {
    name: `node -e 0, Node ${version}`,
    size: 'small',
    targets: [],
    open: place => place.subject({ command: node, args: ['-e', '0'] }),
  }
  const own = [100, 1_000, 10_000].map(keys => plan(keys, [], 0, node, `, Node ${version}`))
  return [bare, ...own]
}

const tf = (keys: number) => `terraform plan, ${count(keys)} resources`

/** Every row, with what it has to reach. */
export function rowsOf({ terraform: version, nodes }: Around): readonly Row[] {
  const example = join(root, 'examples', 'fluxloop-keys.yaml')
  return [
    offline(unit, ['-e', '0'], []),
    offline('--help', [program, '--help'], [atMost(1.25, unit)]),
    offline('--version', [program, '--version'], [atMost(1.25, unit)]),
    offline('validate the example', [program, 'validate', '-c', example], [atMost(2.6, unit)]),
    exec,
    plan(2, []),
    plan(10, []),
    plan(100, [atMost(4.2, unit), asFast(1.9, tf(100)), megabytes(68)]),
    plan(1_000, [atMost(8, unit), asFast(8.5, tf(1_000))]),
    plan(10_000, [atMost(29, unit), asFast(22, tf(10_000)), megabytes(150)]),
    plan(100_000, [atMost(8, 'plan, 10,000 keys'), megabytes(600)]),
    ...(version === null ? [] : [100, 1_000, 10_000].map(keys => terraform(keys, version))),
    readPages,
    plan(10_000, [atMost(1.5, pagesAlone)], 50),
    ...applyRows(program),
    ...keychainRows(),
    audit,
    auditFix(1_000, []),
    auditFix(10_000, [atMost(65, unit)]),
    ...[...nodes].flatMap(([name, node]) => ofNode(name, node)),
  ]
}
