#!/usr/bin/env node
// The main file of what GitLab's template runs: `fluxloop-keys-gitlab check | plan | apply | drift`.
import manifest from '../../../package.json' with { type: 'json' }
import { type OwnedContext, createContext } from '../../context.ts'
import { Failure, exitCodes } from '../../model/failure.ts'
import { Secret } from '../../model/secret.ts'
import { requireSecureTls } from '../../platform/tls.ts'
import { renderFailure, renderUnexpected } from '../../render/text/failure.ts'
import { guarded } from '../../render/text/log-guard.ts'
import { paletteFor } from '../../render/text/palette.ts'
import { fetchTo } from '../../runtime/connection.ts'
import { gitlabCalls } from './gitlab-calls.ts'
import { gitlabHost } from './gitlab-host.ts'
import { readArguments, readPipelineJob } from './pipeline-job.ts'
import { saveReports } from './report-files.ts'
import { runJob } from './run-job.ts'

/** No program that a store runs gets the token by way of us. `check` needs none. */
function takeToken(needed: boolean): Secret {
  const text = process.env['FLUXLOOP_KEYS_TOKEN']?.trim() ?? ''
  delete process.env['FLUXLOOP_KEYS_TOKEN']
  if (text !== '') return new Secret(text)
  if (!needed) return new Secret('none')
  throw new Failure('authentication', "There is no token for GitLab's API: FLUXLOOP_KEYS_TOKEN is not set", {
    hints: [
      'Make a project access token (role Developer, scope api) and set it as a variable, masked and protected.',
      'A protected variable is there for protected branches alone.',
    ],
  })
}

async function main(contexts: OwnedContext[]): Promise<number> {
  const asked = readArguments(process.argv.slice(2), process.env)
  const token = takeToken(asked.command !== 'check')
  const env = { ...process.env }
  const job = await readPipelineJob(env)
  requireSecureTls(job.apiUrl, env, false)
  const open = (cwd: string) => {
    const context = createContext(manifest.version, process, {
      ...{ noColor: false, cwd, onOutputError: () => undefined },
    })
    contexts.push(context)
    return context
  }
  const network = await fetchTo(job.apiUrl, env)
  try {
    const userAgent = `fluxloop-keys/${manifest.version}`
    const calls = gitlabCalls({ url: job.apiUrl, token, userAgent, fetch: network.fetch })
    const { project: id, defaultBranch, url: jobUrl } = job
    const host = gitlabHost(calls, { id, defaultBranch, jobUrl })
    const outcome = await runJob({ asked, job, host, open, env })
    process.stdout.write(guarded(`\n${outcome.page}\n`))
    const [home = 'fluxloop-keys.yaml'] = asked.config
    await saveReports(outcome, job.folder, home)
    return outcome.exitCode
  } finally {
    network.close()
  }
}

function tell(cause: unknown): number {
  const options = { palette: paletteFor(false), width: 100 }
  const isExpected = cause instanceof Failure
  const text = isExpected ? renderFailure(cause, options) : renderUnexpected(cause, options)
  process.stderr.write(guarded(`${text}\n`))
  return isExpected ? cause.exitCode : exitCodes.failed
}

const contexts: OwnedContext[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  // A runner that cancels a job sends SIGTERM: what is in flight is finished, and nothing new is begun.
  process.on(signal, () => {
    for (const context of contexts) context.interrupt(signal)
  })

void main(contexts)
  .catch(tell)
  .then(async exitCode => {
    for (const context of contexts) await context.close()
    process.exitCode = exitCode
  })
