/** One subject, so many times. Started by instructions-taken.ts, under valgrind. */
import { SUBJECTS } from "./subjects.ts";

const [name, times] = process.argv.slice(2);
const run = SUBJECTS.find((subject) => subject.name === name)!.prepare();
for (let count = 0; count < Number(times); count += 1) run();
process.exit();
