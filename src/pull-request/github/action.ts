// The main file of the GitHub action: bundled into one script, and run by the runner's own Node.
import { guarded } from '../../render/text/log-guard.ts'
import { inertText } from '../../render/text/markdown.ts'
import { runMain } from '../host-main.ts'
import { runStep } from '../run-step.ts'
import { githubCalls } from './github-calls.ts'
import { githubHost } from './github-host.ts'
import { readInputs, readJob } from './job.ts'
import { showMarks, writeStepFiles } from './step-files.ts'

/** No program that a store runs gets the token of the job by way of us. */
function takeInputs(): ReturnType<typeof readInputs> {
  const inputs = readInputs(process.env)
  delete process.env['INPUT_GITHUB-TOKEN']
  return inputs
}

runMain(
  async ({ open, contexts, reach }) => {
    const inputs = takeInputs()
    const env = { ...process.env }
    const job = await readJob(env)
    const { apiUrl: url, graphqlUrl, repository: name, workflow } = job
    const calls = githubCalls({ url, graphqlUrl, token: inputs.token, ...(await reach(url)) })
    const host = githubHost(calls, { name, workflow })
    const outcome = await runStep({ inputs, job, host, open, env })
    const [context] = contexts
    if (context !== undefined) showMarks(outcome.marks, context.stdout)
    else process.stdout.write(guarded(`${outcome.page}\n`))
    await writeStepFiles(outcome, env)
    return outcome.exitCode
  },
  (outcome, message) =>
    writeStepFiles({ ...outcome, page: `**fluxloop-keys failed:** ${inertText(message)}` }, process.env),
)
