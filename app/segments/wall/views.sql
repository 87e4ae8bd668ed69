-- What SQL segments read. The application owns these views; each migration makes them anew.
-- A barrier: no function of somebody's WHERE sees a row that a view leaves out. Whoever was erased is left out at once.
DROP VIEW IF EXISTS reporting.customers, reporting.customer_attributes, reporting.funnel_events, reporting.events,
  reporting.orders, reporting.customer_segment_customer_list;

CREATE VIEW reporting.customers WITH (security_barrier) AS
SELECT id, lms_lead_id, first_name, last_name, email, mobile, timezone, attributes, created_date, updated_date
  FROM public.customers
 WHERE erased_at IS NULL;

CREATE VIEW reporting.customer_attributes WITH (security_barrier) AS
SELECT id, customer_id, field_type, field_name, field_value, created_date, updated_date
  FROM public.customer_attributes;

CREATE VIEW reporting.funnel_events WITH (security_barrier) AS
SELECT f.id, f.customer_id, f.funnel_type, f.from_stage, f.to_stage, f.created_date
  FROM public.funnel_events f
 WHERE NOT EXISTS (SELECT FROM public.customers c WHERE c.id = f.customer_id AND c.erased_at IS NOT NULL);

CREATE VIEW reporting.events WITH (security_barrier) AS
SELECT e.id, e.customer_id, e.name, e.properties, e.occurred_at
  FROM public.events e
 WHERE NOT EXISTS (SELECT FROM public.customers c WHERE c.id = e.customer_id AND c.erased_at IS NOT NULL);

CREATE VIEW reporting.orders WITH (security_barrier) AS
SELECT o.id, o.customer_id, o.order_id, o.total, o.currency, o.status, o.refunded_total, o.items, o.occurred_at
  FROM public.orders o
 WHERE o.customer_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM public.customers c WHERE c.id = o.customer_id AND c.erased_at IS NOT NULL);

CREATE VIEW reporting.customer_segment_customer_list WITH (security_barrier) AS
SELECT l.id, l.customer_segment_id, l.customer_id, l.created_date
  FROM public.customer_segment_customer_list l
 WHERE NOT EXISTS (SELECT FROM public.customers c WHERE c.id = l.customer_id AND c.erased_at IS NOT NULL);
