import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import type { Output } from '../../runtime/terminal.ts'
import { escapeControls, redactSecrets } from '../../render/text/escape.ts'
import { type Mark, type StepOutcome, worstFirst } from '../step.ts'

/** GitHub shows at most 10 marks of a kind from one step, and 50 from a job. */
const mostMarks = 10

function data(text: string): string {
  return escapeControls(redactSecrets(text))
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function command({ level, file, line, title, message }: Mark): string {
  const where = file === null ? '' : `file=${property(file)},line=${line},`
  return `::${level} ${where}title=${property(title)}::${data(message)}`
}

/** Marks lines of the configuration, the worst first, as many as a step may. */
export function showMarks(marks: readonly Mark[], stdout: Output): void {
  for (const mark of worstFirst(marks).slice(0, mostMarks)) stdout.command(command(mark))
}

/** One output, in the form that takes any text. */
function output(name: string, value: string): string {
  const end = randomUUID()
  return `${name}<<${end}\n${value}\n${end}\n`
}

/** Writes the outputs and the page of the step where the runner says. */
export async function writeStepFiles(
  outcome: StepOutcome,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { GITHUB_OUTPUT: outputs = '', GITHUB_STEP_SUMMARY: summary = '' } = env
  const values = {
    changes: String(outcome.changes),
    widens: String(outcome.widens),
    'exit-code': String(outcome.exitCode),
    'plan-file': outcome.planFile ?? '',
    'sarif-file': outcome.sarifFile ?? '',
    'report-file': outcome.reportFile ?? '',
    digest: outcome.digest ?? '',
  }
  if (outputs !== '')
    await appendFile(
      outputs,
      Object.entries(values)
        .map(([name, value]) => output(name, value))
        .join(''),
    )
  if (summary !== '' && outcome.page !== '') await appendFile(summary, `${outcome.page}\n\n`)
}
