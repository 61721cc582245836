// One of several processes that write to one log at the same time: `log-writer.ts PATH DIGIT`.
import { openLog } from '../../src/runtime/run-log.ts'

const [, , path = '', digit = ''] = process.argv
const log = openLog(path)
for (let count = 0; count < 200; count += 1) log.append(digit + 'x'.repeat(5_000))
log.close()
