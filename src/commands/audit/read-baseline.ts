import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Baseline } from '../../audit/baseline.ts'
import { withoutByteOrderMark } from '../../model/byte-order-mark.ts'
import { Failure } from '../../model/failure.ts'
import { boundaryOf, realPath, rootFor } from '../../files/boundary.ts'

const mebibyte = 2 ** 20
/** Ten thousand keys with five findings each make about 40 MiB of SARIF. */
const largest = 128 * mebibyte

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}
const listOf = (value: unknown): readonly unknown[] | null => (Array.isArray(value) ? value : null)

interface Before {
  readonly stack: unknown
  readonly known: unknown
  /** That many findings there were besides. */
  readonly leftOut: number
  /** Fingerprint, and whether an exception answered for it. */
  readonly findings: readonly (readonly [fingerprint: unknown, suppressed: boolean])[]
}

function fromJson(report: Fields): Before | null {
  const findings = listOf(report['findings'])
  if (report['format_version'] !== '1.0' || findings === null) return null
  return {
    stack: report['stack'],
    known: report['known'],
    leftOut: 0,
    findings: findings.map(fieldsOf).map(each => [each['fingerprint'], each['suppressed_by'] !== null]),
  }
}

function fromSarif(report: Fields): Before | null {
  const run = fieldsOf(listOf(report['runs'])?.[0])
  const results = listOf(run['results'])
  const { name } = fieldsOf(fieldsOf(run['tool'])['driver'])
  if (report['version'] !== '2.1.0' || name !== 'fluxloop-keys' || results === null) return null
  const properties = fieldsOf(run['properties'])
  return {
    stack: properties['stack'],
    known: properties['known'],
    leftOut: Number(properties['left_out'] ?? 0),
    findings: results
      .map(fieldsOf)
      .map(each => [
        fieldsOf(each['partialFingerprints'])['fluxloopKeys/v1'],
        (listOf(each['suppressions'])?.length ?? 0) > 0,
      ]),
  }
}

async function textOf(file: string, cwd: string): Promise<string> {
  const path = resolve(cwd, file)
  const real = realPath(path)
  if (real !== null && !boundaryOf([rootFor(dirname(path), cwd)]).contains(real))
    throw new Failure('usage', `The baseline ${file} is a link that leads out of the repository`, {
      hints: ['Name the file that it leads to.'],
    })
  try {
    const found = await stat(path)
    if (found.isFile() && found.size <= largest) return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure('usage', `The baseline ${file} cannot be read`, {
      hints: ['Make it with `fluxloop-keys audit --json`, or leave --baseline out.'],
      cause,
    })
  }
  throw new Failure('usage', `The baseline ${file} is not a file of at most ${largest / mebibyte} MiB`)
}

function parsed(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(withoutByteOrderMark(text)))
  } catch {
    return {}
  }
}

/** Reads a report of `audit --json` or `--format sarif` of the same stack. Throws a usage `Failure`. */
export async function readBaseline(file: string, stack: string, cwd: string): Promise<Baseline> {
  const report = parsed(await textOf(file, cwd))
  const before = fromJson(report) ?? fromSarif(report)
  const entries = before?.findings.flatMap(([fingerprint, suppressed]) =>
    typeof fingerprint === 'string' ? [[fingerprint, { suppressed }] as const] : [],
  )
  if (before === null || entries?.length !== before.findings.length)
    throw new Failure('usage', `The baseline ${file} is not a report of an audit`, {
      hints: ['It takes what `fluxloop-keys audit` wrote with --json or --format sarif.'],
    })
  if (before.stack !== stack)
    throw new Failure('usage', `The baseline ${file} is of another stack than ${stack}`, {
      hints: ['Give the report of an audit of this configuration.'],
    })
  if (before.leftOut > 0)
    throw new Failure(
      'usage',
      `The baseline ${file} has only the worst findings, as code scanners take them`,
      {
        hints: ['Make it with --json: then it has all findings.'],
      },
    )
  if (before.known !== null)
    throw new Failure('usage', `The baseline ${file} has only what was new when it was made`, {
      hints: ['Make it without --baseline: then it has all findings.'],
    })
  return new Map(entries)
}
