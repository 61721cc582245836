import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collect } from '../commands/report/collect.ts'
import { pageData } from '../commands/report/read-sources.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { plural } from '../model/plural.ts'
import { pageHtml } from '../render/page/page-html.ts'
import { inertText } from '../render/text/markdown.ts'
import { type Asked, type StepOutcome, nothingDone } from './step.ts'

/** Writes the page of `report` for a step that keeps it. Whoever may read the run's artefacts may read it, so that persons are named only where asked for. */
export async function writeReport(
  desired: DesiredState,
  { config, folder, showPersonal }: Asked,
  context: Context,
): Promise<StepOutcome> {
  const connection = { apiUrl: null, staging: false, profile: null, verbose: false }
  const { client, url } = await context.connect(connection)
  const asked = { config, windowDays: 30, maximumRequests: 200, parallelism: 10 }
  const source = await collect(desired, asked, { client, url }, context)
  const data = pageData([source], { version: context.version, personal: showPersonal })
  const reportFile = join(folder, 'fluxloop-keys-report.html')
  await writeFile(reportFile, pageHtml(data, { isLive: false }))
  const { inventory, findings } = source.audit
  const page = `The report of ${inertText(desired.stack)} is written: ${plural(inventory.length, 'key')}, ${plural(findings.length, 'finding')}.`
  context.stdout.print(page)
  return { ...nothingDone, page, reportFile }
}
