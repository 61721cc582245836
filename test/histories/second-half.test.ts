// Half of the random histories of test/support/histories, the other half is in first-half.test.ts: one for each core.
import { playHalf } from '../support/histories/half.ts'

playHalf(2)
