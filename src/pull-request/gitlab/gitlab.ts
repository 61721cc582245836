#!/usr/bin/env node
// The main file of what GitLab's template runs: `fluxloop-keys-gitlab check | plan | apply | drift`.
import { Failure } from '../../model/failure.ts'
import { Secret } from '../../model/secret.ts'
import { guarded } from '../../render/text/log-guard.ts'
import { runMain } from '../host-main.ts'
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

runMain(async ({ open, reach }) => {
  const asked = readArguments(process.argv.slice(2), process.env)
  const token = takeToken(asked.command !== 'check')
  const env = { ...process.env }
  const job = await readPipelineJob(env)
  const calls = gitlabCalls({ url: job.apiUrl, token, ...(await reach(job.apiUrl)) })
  const { project: id, defaultBranch, url: jobUrl } = job
  const host = gitlabHost(calls, { id, defaultBranch, jobUrl })
  const outcome = await runJob({ asked, job, host, open, env })
  process.stdout.write(guarded(`\n${outcome.page}\n`))
  const [home = 'fluxloop-keys.yaml'] = asked.config
  await saveReports(outcome, job.folder, home)
  return outcome.exitCode
})
