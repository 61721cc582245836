// The only file that help and version need. It is built as a script, not as a module: Node starts the loader of modules only
// where there is one to load.
import manifest from '../package.json' with { type: 'json' }
import { answerTo } from './cli/answer.ts'
import { keepCompiledCode } from './files/compiled-code.ts'

const { isTTY, columns } = process.stdout
const answer = answerTo(process.argv.slice(2), manifest.version, { isTTY, columns, env: process.env })
if (answer === null) {
  keepCompiledCode(process.env)
  void import('./main.ts')
} else process.stdout.write(`${answer}\n`)
