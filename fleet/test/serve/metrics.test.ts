import t from 'tap'
import { createMetrics, outcomeOf } from '../../src/serve/metrics.ts'

/** The samples of our own metrics, without those of the process. */
async function samples(metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> {
  const text = await metrics.render()
  return text.split('\n').filter(line => line.startsWith('fluxloop_'))
}

t.test('gives every figure under its name, in OpenMetrics', async t => {
  const metrics = createMetrics()
  metrics.stacksByState({ new: 1, 'in-sync': 2, drifted: 3, failing: 4 })
  metrics.ranStack({ stack: 'acme/one', mode: 'apply', outcome: 'ok', took: 1_500, failures: 0 })
  metrics.ranStack({ stack: 'acme/one', mode: 'apply', outcome: 'partial', took: 20_000, failures: 1 })
  metrics.startedAfter(700)
  metrics.startedAfter(-5)
  metrics.requestMade('plan')
  metrics.requestMade('heal', 4)
  metrics.budgetLeft('acme', 512)
  metrics.lostLease()
  metrics.queued({ waiting: 1, active: 2, retry: 3, failed: 4 })
  metrics.ticked(1_796_000_000_500)
  metrics.rotationDue('acme/one', 1_796_100_000_000)
  const found = await samples(metrics)
  for (const line of [
    'fluxloop_fleet_stacks{state="in-sync"} 2',
    'fluxloop_fleet_stacks{state="failing"} 4',
    'fluxloop_fleet_runs_total{stack="acme/one",mode="apply",outcome="ok"} 1',
    'fluxloop_fleet_runs_total{stack="acme/one",mode="apply",outcome="partial"} 1',
    'fluxloop_fleet_run_seconds_sum 21.5',
    'fluxloop_fleet_run_seconds_bucket{le="2.5"} 1',
    'fluxloop_fleet_start_delay_seconds_sum 0.7',
    'fluxloop_fleet_start_delay_seconds_count 2',
    'fluxloop_fleet_requests_total{lane="heal"} 4',
    'fluxloop_fleet_budget_remaining{credential="acme"} 512',
    'fluxloop_fleet_lease_lost_total 1',
    'fluxloop_fleet_queue_jobs{state="retry"} 3',
    'fluxloop_fleet_last_tick_timestamp_seconds 1796000000.5',
    'fluxloop_fleet_stack_failures{stack="acme/one"} 1',
    'fluxloop_fleet_key_rotation_due_timestamp_seconds{stack="acme/one"} 1796100000',
  ])
    t.ok(found.includes(line), line)
  const text = await metrics.render()
  t.match(metrics.contentType, /^application\/openmetrics-text; version=1\.0\.0/)
  t.match(text, /# EOF\n$/)
  t.match(text, /^process_resident_memory_bytes \d+$/m)
  t.match(text, /^# TYPE fluxloop_fleet_runs counter$/m, 'a counter is named without its ending')
  const shape =
    /^(#( (HELP|TYPE) [a-z_\d]+ \S.*| EOF)|[a-z_\d]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? \S+)$/
  t.strictSame(
    text.split('\n').filter(line => line !== '' && !shape.test(line)),
    [],
  )
})

t.test('ends the series of a stack that left the fleet file, and of a rotation that is not due', async t => {
  const metrics = createMetrics()
  for (const stack of ['one', 'two']) {
    metrics.ranStack({ stack, mode: 'plan', outcome: 'changes', took: 5, failures: 0 })
    metrics.rotationDue(stack, 5_000)
  }
  metrics.rotationDue('two', null)
  metrics.forgetStack('one')
  metrics.forgetStack('never seen')
  const left = (await samples(metrics)).filter(line => line.includes('stack='))
  t.strictSame(left, [
    'fluxloop_fleet_runs_total{stack="two",mode="plan",outcome="changes"} 1',
    'fluxloop_fleet_stack_failures{stack="two"} 0',
  ])
})

t.test('has a bound on the values of a label, and nothing hostile in one', async t => {
  const metrics = createMetrics()
  for (let index = 0; index < 10_050; index++) metrics.rotationDue(`stack-${index}`, 1)
  const values = (await samples(metrics)).filter(line => line.includes('rotation_due'))
  t.equal(values.length, 10_001)
  t.ok(values.includes('fluxloop_fleet_key_rotation_due_timestamp_seconds{stack="other"} 0.001'))
  const other = createMetrics()
  other.rotationDue('a"b\\c\nd\u202ee', 1_000)
  other.rotationDue(`flux_ci_${'x'.repeat(32)}`, 1_000)
  other.budgetLeft('x'.repeat(5_000), 1)
  const text = (await samples(other)).filter(line => line.includes('{') && !line.includes('le='))
  t.match(text, [/credential="x{119}…"/, /stack="a\\"b\\\\c\\\\nd\\\\u202ee"/, /stack="flux_ci_\[secret\]"/])
  t.equal(text.length, 3)
})

t.test('keeps two sets of metrics apart', async t => {
  const [first, second] = [createMetrics(), createMetrics()]
  first.lostLease()
  t.ok((await samples(second)).includes('fluxloop_fleet_lease_lost_total 0'))
})

t.test('names an outcome by its exit code', async t => {
  t.strictSame([0, 1, 2, 3, 4, 5, 6, 7, 12, 130, 99].map(outcomeOf), [
    ...['ok', 'failed', 'configuration', 'denied', 'unreachable', 'not-found', 'refused', 'partial'],
    ...['conflict', 'interrupted', 'failed'],
  ])
})
