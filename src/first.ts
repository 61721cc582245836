// The only file that help and version need. It is built as a script of its own, with the definitions of all commands in it.
import manifest from '../package.json' with { type: 'json' }
import { answerTo } from './cli/answer.ts'

const { isTTY, columns } = process.stdout
const answer = answerTo(process.argv.slice(2), manifest.version, { isTTY, columns, env: process.env })
if (answer === null) void import('./program.ts')
else process.stdout.write(`${answer}\n`)
