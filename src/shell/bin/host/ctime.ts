/** A moment as ctime(3) writes it. */
import { civil } from '../../../sim/services/systemd/words.ts';

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
export const two = (n: number): string => String(n).padStart(2, '0');
/** `Wed May  8 21:37:37 2019`. */
export function ctime(us: number): string {
  const c = civil(us);
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`;
}
