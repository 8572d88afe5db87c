/** The page: its one element, which joins all others. */
import './drill-app.ts';
