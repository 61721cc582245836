import { playFleet } from './rooms.ts'

await playFleet('database', 1, 2)
