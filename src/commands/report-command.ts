import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import { plural } from '../model/plural.ts'
import { pageHtml } from '../render/page/page-html.ts'
import type { PageSource } from '../render/page/page-stack.ts'
import { escapeControls } from '../render/text/escape.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import { maximumRequestsOf, windowOf } from './audit/options.ts'
import { requireConfiguration } from './configuration.ts'
import { requireFreeFor } from './plan-store.ts'
import { collect } from './report/collect.ts'
import { pageData, readSources } from './report/read-sources.ts'
import { replaceFile, textOf } from './replace-file.ts'

export interface ReportOptions extends ConnectionOptions {
  readonly config: readonly string[]
  /** Null: none, which is a usage error. */
  readonly html: string | null
  readonly window: string | null
  /** What `audit --json` printed; null: the platform is asked. */
  readonly from: string | null
  readonly plan: string | null
  readonly showPersonal: boolean
  readonly maxRequests: number | null
  readonly parallelism: number
  readonly verbose: boolean
}

function requireSense({ from, plan, config, window, html, parallelism }: ReportOptions): string {
  if (html === null)
    throw new Failure('usage', 'report needs a file to write', { hints: ['report --html report.html'] })
  if (plan !== null && from === null)
    throw new Failure('usage', '--plan belongs to --from: without it, report makes its own plan')
  if (from !== null && (config.length > 0 || window !== null))
    throw new Failure('usage', 'With --from everything comes from files, so -c and --window do not count')
  if (parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  return html
}

async function sourceOf(options: ReportOptions, context: Context): Promise<readonly [PageSource, number]> {
  const { from, plan, config, parallelism } = options
  if (from !== null) return [await readSources(from, plan, context.cwd), 0]
  const windowDays = windowOf(options.window)
  const maximumRequests = maximumRequestsOf(options.maxRequests)
  const desired = await requireConfiguration(config, null, context)
  const { client, url } = await context.connect(options)
  const asked = { config, windowDays, maximumRequests, parallelism }
  const source = await collect(desired, asked, { client, url }, context)
  return [source, client.requests()]
}

/** How a page begins, by which one is known from other files. */
const mark = '<!doctype html>\n<html lang="en"'

/** Writes a page that anybody can read in a browser. It costs a plan and the use of keys, or no request with `from`. */
export async function runReport(options: ReportOptions, context: Context): Promise<number> {
  const html = requireSense(options)
  const { cwd, stdout, version } = context
  await requireFreeFor({ what: 'a report', mark }, html, cwd)
  const [source, requests] = await sourceOf(options, context)
  const data = pageData([source], { version, personal: options.showPersonal })
  const page = pageHtml(data, { isLive: false })
  const path = resolve(cwd, html)
  await replaceFile(path, await textOf(path), page)
  const keys = data.stacks.reduce((sum, stack) => sum + stack.keys.length, 0)
  const findings = data.stacks.reduce((sum, stack) => sum + stack.findings.length, 0)
  const bytes = Buffer.byteLength(page)
  stdout.print(
    `Wrote ${escapeControls(html)}: ${plural(keys, 'key')}, ${plural(findings, 'finding')}, ${Math.ceil(bytes / 1000).toLocaleString('en')} KB, ${plural(requests, 'request')}.`,
  )
  return 0
}
