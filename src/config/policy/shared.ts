import { resolve } from 'node:path'
import type { Boundary } from '../../files/boundary.ts'
import type { DiagnosticList } from '../diagnostic-list.ts'
import { shownPath } from '../find-files.ts'
import { type Located, type Part, diagnosticFor, isValidAt } from '../parts.ts'
import type { RawPolicy } from '../raw.ts'
import { readPart } from '../read-part.ts'
import type { Room } from '../room.ts'
import { type Confined, type Package, locatePolicy } from './locate.ts'

/** That many policies may be built one on the other. */
const maximumDepth = 10
/** That many policies count in all. One that several build on counts for each. */
const maximumPolicies = 100

/** What a shared policy's file may hold. */
const allowed: readonly string[] = ['version', 'policy', 'extends']

export interface SharedPolicies {
  /** What goes over what: the last over all others. */
  readonly policies: readonly Located<RawPolicy>[]
  /** False where one of them could not be read. */
  readonly whole: boolean
}

interface Reading {
  readonly cwd: string
  readonly boundary: Boundary
  readonly room: Room
  readonly diagnostics: DiagnosticList
  readonly confined: Confined | null
  count: number
}

function checkAlone(part: Part, { diagnostics }: Reading): void {
  if (!isValidAt(part, [])) return
  for (const name of Object.keys(part.raw)) {
    if (allowed.includes(name)) continue
    const message = `A shared policy holds \`policy\` and nothing else, not \`${name}\``
    const hint = 'Keys, roles and defaults belong to the configuration itself.'
    diagnostics.push(
      diagnosticFor({ part, path: [name] }, { code: 'policy-alone', message, hint, onKey: true }),
    )
  }
}

async function policiesOf(
  named: Located<string | readonly string[]>,
  within: Package | null,
  chain: readonly string[],
  reading: Reading,
): Promise<SharedPolicies> {
  const { cwd, boundary, room, diagnostics, confined } = reading
  const { value, part, path } = named
  const sources =
    typeof value === 'string'
      ? [{ source: value, at: path }]
      : value.map((source, index) => ({ source, at: [...path, index] }))
  const policies: Located<RawPolicy>[] = []
  let whole = true
  for (const { source, at } of sources) {
    const refuse = (code: 'policy-source' | 'policy-cycle', message: string, hint: string) => {
      diagnostics.push(diagnosticFor({ part, path: at }, { code, message, hint }))
      whole = false
    }
    reading.count += 1
    if (reading.count > maximumPolicies) {
      // Once is enough: every policy that has not been read comes by here.
      if (reading.count === maximumPolicies + 1)
        refuse(
          'policy-cycle',
          `It builds on more than ${maximumPolicies} policies`,
          'One that several of them build on counts each time: put some of them together.',
        )
      return { policies, whole: false }
    }
    const found = await locatePolicy(source, part.source.folder, within, boundary, confined)
    if (!found.ok) {
      refuse('policy-source', found.message, found.hint)
      continue
    }
    const { file } = found
    if (chain.includes(file)) {
      const way = [...chain.slice(chain.indexOf(file)), file].map(one => shownPath(one, cwd)).join(' → ')
      refuse('policy-cycle', `This policy comes from itself: ${way}`, 'Take one of these lines out.')
      continue
    }
    if (chain.length >= maximumDepth) {
      refuse(
        'policy-cycle',
        `More than ${maximumDepth} policies are built one on the other`,
        'Put some of them together.',
      )
      continue
    }
    const read = await readPart(file, shownPath(file, cwd), undefined, diagnostics, room, found.quotable)
    if (read === null) {
      whole = false
      continue
    }
    checkAlone(read, reading)
    const farther =
      read.raw.extends === undefined || !isValidAt(read, ['extends'])
        ? { policies: [], whole: true }
        : await policiesOf(
            { value: read.raw.extends, part: read, path: ['extends'] },
            found.within,
            [...chain, file],
            reading,
          )
    whole &&= farther.whole && read.broken.size === 0
    policies.push(...farther.policies)
    if (read.raw.policy !== undefined && isValidAt(read, ['policy']))
      policies.push({ value: read.raw.policy, part: read, path: ['policy'] })
  }
  return { policies, whole }
}

/** The policies that a configuration builds on, and those that they build on. What is wrong goes to `diagnostics`. */
export async function sharedPolicies(
  named: Located<string | readonly string[]> | null,
  reading: Omit<Reading, 'count'>,
): Promise<SharedPolicies> {
  if (named === null) return { policies: [], whole: true }
  const self = resolve(reading.cwd, named.part.source.file)
  return await policiesOf(named, null, [self], { ...reading, count: 0 })
}
