// A pull request's whole life on GitHub: the action's bundle as the runner runs it, a stand-in for GitHub's API over a bare
// repository, and a platform that counts.
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { workflow } from '../support/workflow.ts'

const key = (id: string, permissions = 'read_scenarios', more = '') => `
  ${id}:
    name: ${id}
    scope: all
    permissions: [${permissions}]
    expires: 90d
    store: { github-actions: { repo: acme/agents, name: ${id.toUpperCase().replaceAll('-', '_')} } }${more}`

const configuration = (...keys: readonly string[]) => ({
  'fluxloop-keys.yaml': `version: 1\nstack: acme\nkeys:${keys.length === 0 ? ' {}' : keys.join('')}\n`,
})

t.test('plans, plans again, and applies what was reviewed once it is merged', async t => {
  const { step, github, platform, open, push, merge, secrets } = await workflow(
    t,
    configuration(key('first')),
  )
  const pull = open('add', configuration(key('first'), key('second')))

  const opened = await step('plan', { pull })
  t.equal(opened.code, 0, opened.log)
  t.match(opened.outputs, { changes: '2', widens: 'false', 'exit-code': '0', digest: /^[0-9a-f]{64}$/ })
  t.match(opened.summary, /Plan: 2 to create/)
  t.equal(pull.comments.length, 1)
  t.match(pull.comments[0]?.body, /Plan: 2 to create/)
  t.match(github.checks, [
    {
      head_sha: pull.head,
      conclusion: 'success',
      external_id: new RegExp(opened.outputs['digest'] ?? 'none'),
    },
  ])
  t.strictSame(
    platform.requests.filter(call => !call.startsWith('GET ')),
    [],
    'GET alone',
  )

  github.calls.splice(0)
  const again = await step('plan', { pull })
  t.equal(again.code, 0, again.log)
  t.strictSame(github.writes(), [], 'an unchanged rerun writes nothing')

  merge(pull)
  platform.forget()
  const applied = await step('apply')
  t.equal(applied.code, 0, applied.log)
  t.match(applied.summary, /2 changes applied/)
  t.strictSame((await readdir(secrets)).sort(), ['FIRST', 'SECOND'])
  t.equal((await platform.managed()).length, 2)
  t.strictSame(github.downloads, [undefined], 'the token stays with the API')

  platform.forget()
  const idle = await step('apply')
  t.equal(idle.code, 0, idle.log)
  t.match(idle.summary, /Nothing that was approved is left/)
  t.strictSame(
    platform.requests.filter(call => !call.startsWith('GET ')),
    [],
    'none twice',
  )
  void push
})
