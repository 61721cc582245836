// The main file of the GitHub action: bundled into one script, and run by the runner's own Node.
import manifest from '../../../package.json' with { type: 'json' }
import { type OwnedContext, createContext } from '../../context.ts'
import { Failure, exitCodes } from '../../model/failure.ts'
import { requireSecureTls } from '../../platform/tls.ts'
import { guarded } from '../../render/text/log-guard.ts'
import { renderFailure, renderUnexpected } from '../../render/text/failure.ts'
import { inertText } from '../../render/text/markdown.ts'
import { paletteFor } from '../../render/text/palette.ts'
import { fetchTo } from '../../runtime/connection.ts'
import { nothingDone } from '../step.ts'
import { githubCalls } from './github-calls.ts'
import { githubHost } from './github-host.ts'
import { readInputs, readJob } from './job.ts'
import { runStep } from './run-step.ts'
import { showMarks, writeStepFiles } from './step-files.ts'

/** No program that a store runs gets the token of the job by way of us. */
function takeInputs(): ReturnType<typeof readInputs> {
  const inputs = readInputs(process.env)
  delete process.env['INPUT_GITHUB-TOKEN']
  return inputs
}

async function main(contexts: OwnedContext[]): Promise<number> {
  const inputs = takeInputs()
  const env = { ...process.env }
  const job = await readJob(env)
  requireSecureTls(job.apiUrl, env, false)
  const open = (cwd: string) => {
    const options = { noColor: false, cwd, onOutputError: () => undefined }
    const context = createContext(manifest.version, process, options)
    contexts.push(context)
    return context
  }
  const network = await fetchTo(job.apiUrl, env)
  try {
    const calls = githubCalls({
      ...{ url: job.apiUrl, graphqlUrl: job.graphqlUrl, token: inputs.token, fetch: network.fetch },
      userAgent: `fluxloop-keys/${manifest.version}`,
    })
    const host = githubHost(calls, { name: job.repository, workflow: job.workflow })
    const outcome = await runStep({ inputs, job, host, open, env })
    const [context] = contexts
    if (context !== undefined) showMarks(outcome.marks, context.stdout)
    else process.stdout.write(guarded(`${outcome.page}\n`))
    await writeStepFiles(outcome, env)
    return outcome.exitCode
  } finally {
    network.close()
  }
}

/** Says what went wrong, in the log and on the page of the step, and with which code the step ends. */
async function tell(cause: unknown): Promise<number> {
  const options = { palette: paletteFor(false), width: 100 }
  const isExpected = cause instanceof Failure
  const text = isExpected ? renderFailure(cause, options) : renderUnexpected(cause, options)
  process.stderr.write(guarded(`${text}\n`))
  const exitCode = isExpected ? cause.exitCode : exitCodes.failed
  const page = `**fluxloop-keys failed:** ${inertText(isExpected ? cause.message : 'internal error, see the log')}`
  await writeStepFiles({ ...nothingDone, exitCode, page }, process.env).catch(() => undefined)
  return exitCode
}

const contexts: OwnedContext[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  // A runner that cancels a job sends both, some seconds apart: what is in flight is finished, and nothing new is begun.
  process.on(signal, () => {
    for (const context of contexts) context.interrupt(signal)
  })

void main(contexts)
  .catch(tell)
  .then(async exitCode => {
    for (const context of contexts) await context.close()
    process.exitCode = exitCode
  })
