// The alert rules and the dashboard: read by promtool, and made of metrics that a replica has.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { ended } from '../../../test/support/program.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { needsPrograms } from '../support/daemon.ts'

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[]
  }[]
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const rules = (parse(await readFile(join(deploy, 'alerts.yaml'), 'utf8')) as Rules).groups.flatMap(
  group => group.rules,
)
const dashboard = JSON.parse(await readFile(join(deploy, 'dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[]
}
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

async function promtool(...args: readonly string[]) {
  return await ended('promtool', args, { cwd: deploy, env: { PATH: process.env['PATH'] } })
}

t.test('promtool takes the alert rules, and each fires where it should and nowhere else', async t => {
  if (!needsPrograms(t, 'promtool')) return
  t.match(await promtool('check', 'rules', 'alerts.yaml'), { code: 0, stdout: /8 rules found/ })
  const played = await promtool('test', 'rules', '../test/deploy/alerts.yaml')
  t.match(played, { code: 0, stdout: /SUCCESS/ }, played.stdout + played.stderr)
})

t.test('promtool takes every query of the dashboard', async t => {
  if (!needsPrograms(t, 'promtool')) return
  const file = join(t.testdir(), 'queries.json')
  const asRules = queries.map((expr, index) => ({
    record: `query:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }))
  // YAML takes JSON.
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
  const checked = await promtool('check', 'rules', file)
  t.match(checked, { code: 0, stdout: `${queries.length} rules found` }, checked.stderr)
})

t.test('alerts and dashboard use metrics and labels that a replica has', async t => {
  const text = await createMetrics().render()
  const families = new Map(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind]),
  )
  const existing = new Set(
    [...families].flatMap(([name, kind]) => {
      if (kind === 'counter') return [name.replace(/(_total)?$/, '_total')]
      return kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    }),
  )
  const used = [...rules.map(({ expr }) => expr), ...queries].flatMap(
    expr => expr.match(/fluxloop_fleet_\w+/g) ?? [],
  )
  t.ok(used.length > 15)
  t.strictSame(
    used.filter(name => !existing.has(name)),
    [],
  )
  const own = [...existing].filter(name => /^fluxloop_/.test(name) && !/_(sum|count)$/.test(name))
  t.strictSame(
    own.filter(name => !queries.some(expr => expr.includes(name))),
    [],
    'and the dashboard shows all of them',
  )
})

t.test('the guide explains every alert and every metric', async t => {
  const guide = await readFile(new URL('../../../docs/guides/fleet.md', import.meta.url), 'utf8')
  const explained = [...guide.matchAll(/^- \*\*(Fluxloop\w+)\*\*:/gm)].map(([, name]) => name)
  t.strictSame(explained.sort(), rules.map(({ alert }) => alert).sort())
  const text = await createMetrics().render()
  for (const [, name = ''] of text.matchAll(/^# TYPE fluxloop_fleet_(\w+) /gm))
    t.ok(guide.includes(`\`${name}`), name)
})

t.test('panels of the dashboard have ids of their own', async t => {
  const ids = dashboard.panels.map(({ id }) => id)
  t.strictSame([...new Set(ids)], ids)
  t.ok(dashboard.panels.every(({ title }) => title !== ''))
})
