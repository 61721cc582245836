import { playFleet } from './rooms.ts'

await playFleet('rest', 1, 2)
