import t from 'tap'
import { createContext } from '../../src/context.ts'

function contextOfProcess() {
  const fail = (): never => t.fail('nothing is written') as never
  return createContext('0.0.0-test', process, { noColor: true, onOutputError: fail })
}

const program = { args: ['-e', ''], env: {} }

t.test(
  'a signal for a program and for us is that of the program, also when it is seen after its end',
  async t => {
    const context = contextOfProcess()
    t.strictSame(await context.runProgram({ ...program, command: process.execPath }), {
      kind: 'exited',
      code: 0,
    })
    t.equal(context.interrupt('SIGINT'), '', 'nothing is said, and the exit code stays')
    await context.close()
  },
)

t.test('where no program could be started, a signal is for us', async t => {
  const context = contextOfProcess()
  t.strictSame(await context.runProgram({ ...program, command: '/nothing/here' }), {
    kind: 'not-started',
    code: 'ENOENT',
  })
  t.equal(context.interrupt('SIGINT'), null, 'the process ends at once')
  await context.close()
})
