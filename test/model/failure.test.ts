import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Declined, Failure } from '../../src/model/failure.ts'
import { bundled } from '../support/bundled.ts'

t.test('knows a failure of another copy of the module, as the package of fleets has one', async t => {
  const bundle = await bundled(fileURLToPath(new URL('../../src/model/failure.ts', import.meta.url)))
  const copy = (await import(bundle)) as { readonly Failure: typeof Failure }
  t.not(copy.Failure, Failure, 'it is a copy')
  const failure: unknown = new copy.Failure('conflict', 'The stack is locked')
  t.ok(failure instanceof Failure)
  t.match(failure, { code: 'conflict', exitCode: 12 })
  t.ok(new Failure('failed', 'x') instanceof copy.Failure)
})

t.test('takes nothing else for a failure, and tells its kinds apart', async t => {
  for (const other of [new Error('x'), { code: 'conflict' }, null, undefined, 'conflict'])
    t.notOk(other instanceof Failure)
  const [failure, declined]: readonly unknown[] = [new Failure('failed', 'x'), new Declined('No')]
  t.ok(declined instanceof Failure && declined instanceof Declined)
  t.notOk(failure instanceof Declined)
})
