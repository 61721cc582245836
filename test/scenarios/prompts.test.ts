// The questions of apikeys at a real pseudo-terminal: arrow keys, wrong input, Ctrl-C and a window that changes its size.
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { type PseudoTerminal, keys, openPseudoTerminal } from '../support/pty.ts'
import { workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

interface Scene {
  readonly platform: ServedPlatform
  readonly open: (args: readonly string[]) => PseudoTerminal
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  return { platform, open: args => openPseudoTerminal(t, place, args, platform.env) }
}

/** Answers one question: waits for it, types, and waits until it is answered. */
async function answer(
  terminal: PseudoTerminal,
  question: RegExp,
  ...typed: readonly string[]
): Promise<void> {
  await terminal.until(question)
  for (const each of typed) terminal.type(each)
  await terminal.until(new RegExp(`◇ +${question.source}`))
}

async function keyNamed(
  platform: ServedPlatform,
  name: string,
): Promise<Record<string, unknown> | undefined> {
  const headers = { authorization: `Bearer ${platform.administrator.reveal()}` }
  const answered = await platform.send(new Request('http://any.origin/api/api-keys', { headers }))
  const { api_keys: all } = (await answered.json()) as { api_keys: Record<string, unknown>[] }
  return all.find(key => key['name'] === name)
}

const creations = ({ requests }: ServedPlatform) =>
  requests.filter(request => request === 'POST /api/api-keys')

t.test(
  'the interactive flow makes the key of the page: arrow keys, spaces, wrong input and a narrower window',
  async t => {
    const { platform, open } = await scene(t)
    const terminal = open(['apikeys', 'create'])
    await terminal.until(/Create New API Key/)
    await terminal.until(/◆ +Key name:/)
    terminal.type(keys.enter)
    await terminal.until(/The key needs a name/)
    await answer(terminal, /Key name:/, 'Production Deployment', keys.enter)
    await answer(terminal, /Description:/, 'API key for production deployments', keys.enter)
    await answer(terminal, /Scope:/, keys.down, keys.enter)
    await terminal.until(/Available projects:[^]*analytics-agent/)
    terminal.type(keys.enter)
    await terminal.until(/select at least one/i)
    terminal.resize(44)
    await answer(terminal, /Available projects:/, keys.space, keys.down, keys.space, keys.enter)
    await terminal.until(/Permissions:[^]*Manage API keys/)
    t.match(
      terminal.seen(),
      /◼ Read scenarios[^]*◼ Upload results[^]*◼ Create scenarios[^]*◻ Delete scenarios[^]*◻ Manage projects/,
    )
    // The first off again, the fourth on.
    await answer(
      terminal,
      /Permissions:/,
      keys.space,
      keys.down,
      keys.down,
      keys.down,
      keys.space,
      keys.enter,
    )
    await terminal.until(
      /Expires:[^]*1. 30 days[^]*● 2. 90 days \(recommended\)[^]*1 year[^]*Never[^]*Custom/,
    )
    await answer(terminal, /Expires:/, keys.down, keys.down, keys.down, keys.enter)
    await terminal.until(/Expires on or after:/)
    terminal.type(`2001-01-01${keys.enter}`)
    await terminal.until(/2001-01-01 is past/)
    terminal.type(`${'\u007f'.repeat(10)}2099-06-30${keys.enter}`)
    t.strictSame(await terminal.ended, { code: 0, restored: true }, terminal.seen())
    t.match(terminal.seen(), /✅ API key created successfully[^]*Save this key now![^]*Expires: Jun/)
    t.match(await keyNamed(platform, 'Production Deployment'), {
      description: 'API key for production deployments',
      scope: ['customer-support-bot', 'sales-assistant'],
      permissions: ['create_scenarios', 'delete_scenarios', 'upload_results'],
      expires_at: '2099-06-30T00:00:00.000Z',
    })
    t.equal(creations(platform).length, 1)
  },
)

t.test("menus take the numbers of the platform's own menus", async t => {
  const { platform, open } = await scene(t)
  const terminal = open(['apikeys', 'create'])
  await answer(terminal, /Key name:/, 'By Number', keys.enter)
  await answer(terminal, /Description:/, keys.enter)
  await terminal.until(/Scope:[^]*1\. All Projects[^]*2\. Specific Projects/)
  terminal.type(`2${keys.enter}`)
  await answer(terminal, /Available projects:/, keys.space, keys.enter)
  await answer(terminal, /Permissions:/, keys.enter)
  await terminal.until(/Expires:[^]*4\. Never/)
  terminal.type(`3${keys.up}9${keys.down}1${keys.enter}`)
  t.strictSame(await terminal.ended, { code: 0, restored: true }, terminal.seen())
  const made = await keyNamed(platform, 'By Number')
  t.match(made, { scope: ['customer-support-bot'] })
  const lives = Date.parse(String(made?.['expires_at'])) - Date.parse(String(made?.['created_at']))
  t.equal(Math.round(lives / day), 30)
})

t.test('what the flags say is not asked for', async t => {
  const { platform, open } = await scene(t)
  const flags = ['--description', 'x', '--scope', 'all', '--permissions', 'read_results', '--expires', '30d']
  const terminal = open(['apikeys', 'create', ...flags])
  await answer(terminal, /Key name:/, 'Named by hand', keys.enter)
  t.strictSame(await terminal.ended, { code: 0, restored: true })
  t.notMatch(terminal.seen(), /Description:|Permissions:/)
  t.match(await keyNamed(platform, 'Named by hand'), { permissions: ['read_results'], scope: '*' })
})

t.test('Ctrl-C at any question makes nothing, gives the terminal back and exits with 130', async t => {
  const steps: readonly (readonly [question: RegExp, ...typed: string[]])[] = [
    [/Key name:/, 'Never made', keys.enter],
    [/Description:/, keys.enter],
    [/Scope:/, keys.down, keys.enter],
    [/Available projects:/, keys.space, keys.enter],
    [/Permissions:/, keys.enter],
    [/Expires:/],
  ]
  for (const [index, [last]] of steps.entries()) {
    const { platform, open } = await scene(t)
    const terminal = open(['apikeys', 'create'])
    for (const [question, ...typed] of steps.slice(0, index)) await answer(terminal, question, ...typed)
    await terminal.until(new RegExp(`◆ +${last.source}`))
    terminal.type(keys.ctrlC)
    t.strictSame(await terminal.ended, { code: 130, restored: true }, last.source)
    t.match(terminal.seen(), /Cancelled: no API key was created/)
    const raw = terminal.raw()
    t.ok(raw.lastIndexOf('\u001b[?25h') > raw.lastIndexOf('\u001b[?25l'), 'the cursor is shown again')
    t.strictSame(creations(platform), [])
  }
})

t.test('regenerate and delete ask again, take no for an answer, and Ctrl-C for none', async t => {
  const { platform, open } = await scene(t)
  const made = open(['apikeys', 'create', '--name', 'Old Development Key'])
  t.strictSame(await made.ended, { code: 0, restored: true }, made.seen())

  const declined = open(['apikeys', 'rotate', 'Old Development Key'])
  await declined.until(/Continue\? \(y\/n\): /)
  declined.type(`perhaps${keys.enter}`)
  await declined.until(/Please answer y or n\.\s+Continue\? \(y\/n\): /)
  declined.type(`n${keys.enter}`)
  t.strictSame(await declined.ended, { code: 1, restored: true })
  t.match(declined.seen(), /was not regenerated/)

  for (const [command, question] of [
    ['regenerate', /Continue\? \(y\/n\): /],
    ['delete', /Type the key name to confirm: /],
  ] as const) {
    const stopped = open(['apikeys', command, 'Old Development Key'])
    await stopped.until(question)
    stopped.type(keys.ctrlC)
    t.strictSame(await stopped.ended, { code: 130, restored: true }, command)
  }
  t.ok(await keyNamed(platform, 'Old Development Key'))
  t.notOk(platform.requests.some(request => request.includes('regenerate') || request.startsWith('DELETE')))

  const deleted = open(['apikeys', 'revoke', 'Old Development Key'])
  await deleted.until(/Type the key name to confirm: /)
  deleted.type(`Old Development Key${keys.enter}`)
  t.strictSame(await deleted.ended, { code: 0, restored: true })
  t.notOk(await keyNamed(platform, 'Old Development Key'))
})

t.test('with --no-color no question has any', async t => {
  const { open } = await scene(t)
  const terminal = open(['apikeys', 'create', '--no-color'])
  await terminal.until(/◆ +Key name:/)
  terminal.type(keys.ctrlC)
  await terminal.ended
  t.notMatch(terminal.raw(), /\u001b\[[\d;]*m/)
})
