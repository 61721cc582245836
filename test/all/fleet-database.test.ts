// One PostgreSQL for all of them.
import { playTogether } from './rooms.ts'

await playTogether(
  '../fleet/test',
  '../fleet/test/database',
  '../fleet/test/lease',
  '../fleet/test/ledger',
  '../fleet/test/budget',
  '../fleet/test/listing',
)
