import { playFleet } from './rooms.ts'

await playFleet('database', 2, 2)
