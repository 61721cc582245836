import { resolve } from 'node:path'
import { readBounded } from '../../files/bounded-file.ts'
import { withoutByteOrderMark } from '../../model/byte-order-mark.ts'
import { Failure } from '../../model/failure.ts'
import type { FleetStatus } from '../../model/fleet-status.ts'
import { pageFleet } from '../../render/page/page-fleet.ts'
import type { PageData } from '../../render/page/page-data.ts'
import { type PageSource, pageStack } from '../../render/page/page-stack.ts'
import { pageText } from '../../render/page/page-text.ts'
import { fileFailure } from '../../stores/file-failure.ts'
import { shellWord } from '../../model/shell-word.ts'

const mebibyte = 2 ** 20
/** Ten thousand keys with their findings take about 40 MiB. */
const largest = 128 * mebibyte

type Fields = Readonly<Record<string, unknown>>

async function fieldsOf(file: string, cwd: string): Promise<Fields> {
  const path = resolve(cwd, file)
  const found = await readBounded(path, largest).catch((cause: unknown) => {
    throw fileFailure('read', path, cause)
  })
  if (!found.ok)
    throw new Failure('usage', `${file} is not a regular file of at most ${largest / mebibyte} MiB`)
  try {
    const value: unknown = JSON.parse(withoutByteOrderMark(found.bytes.toString('utf8')))
    if (typeof value === 'object' && value !== null) return value as Fields
  } catch {
    // Named below.
  }
  throw new Failure('usage', `${file} does not hold a JSON object`)
}

/** Throws a usage `Failure` unless it has these lists and is of the version that this program writes. */
function requireShape(file: string, value: Fields, lists: readonly string[], how: string): void {
  const isWhole = lists.every(name => Array.isArray(value[name]))
  if (value['format_version'] === '1.0' && isWhole) return
  throw new Failure('usage', `${file} is not what fluxloop-keys ${how} prints`, {
    hints: [`Make it with this version: fluxloop-keys ${how} >${shellWord(file)}`],
  })
}

/** What `audit --json` and `plan --json` printed before. Throws a usage `Failure` where they are something else, or of two stacks. */
export async function readSources(from: string, plan: string | null, cwd: string): Promise<PageSource> {
  const audit = await fieldsOf(from, cwd)
  requireShape(from, audit, ['findings', 'not_looked_at', 'inventory'], 'audit --json')
  const planned = plan === null ? null : await fieldsOf(plan, cwd)
  if (plan !== null && planned !== null) {
    requireShape(plan, planned, ['changes', 'deferred', 'retiring', 'findings'], 'plan --json')
    if (planned['stack'] !== audit['stack'])
      throw new Failure('usage', `${from} and ${plan} are of two stacks`)
    if (audit['platform'] !== null && planned['platform'] !== audit['platform'])
      throw new Failure('usage', `${from} and ${plan} are of two platforms`)
  }
  return {
    audit: audit as unknown as PageSource['audit'],
    plan: planned as PageSource['plan'],
    calendar: null,
  }
}

interface PageFacts {
  readonly version: string
  readonly personal: boolean
  readonly troubles?: readonly string[]
  /** Null: the page is about no fleet. */
  readonly fleet?: FleetStatus | null
}

/** The data of a page; of what others wrote, whatever is not as it should be is a usage `Failure`. */
export function pageData(
  sources: readonly PageSource[],
  { version, personal, troubles = [], fleet = null }: PageFacts,
): PageData {
  const text = pageText(personal)
  try {
    return {
      version,
      stacks: sources.map(source => pageStack(source, text)),
      troubles: troubles.map(text),
      ...(fleet === null ? {} : { fleet: pageFleet(fleet, text) }),
    }
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause
    throw new Failure('usage', 'The report cannot be made: a file is not as fluxloop-keys writes it', {
      cause,
    })
  }
}
