// One table of prices for the idle month of the template and for the page of usage and cost.
export { MONTH_MINUTES, USD } from '../../functions/tenants/prices.ts';
