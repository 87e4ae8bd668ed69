-- The login of SQL segments, once per cluster. It owns nothing, inherits nothing, and every session starts bounded.
DO $wall$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {role_text}) THEN
    CREATE ROLE {role};
  END IF;
END $wall$;
ALTER ROLE {role} LOGIN NOSUPERUSER NOINHERIT NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  CONNECTION LIMIT 6 PASSWORD {password};
ALTER ROLE {role} SET search_path = reporting;
ALTER ROLE {role} SET default_transaction_read_only = on;
ALTER ROLE {role} SET statement_timeout = '5s';
ALTER ROLE {role} SET lock_timeout = '2s';
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE {role} SET temp_file_limit = '512MB';
ALTER ROLE {role} SET work_mem = '32MB';
ALTER ROLE {role} SET max_parallel_workers_per_gather = 1;
ALTER ROLE {role} SET jit = off;
-- What marketers write may name people: it stays out of the server's log.
ALTER ROLE {role} SET log_statement = 'none';
ALTER ROLE {role} SET log_min_duration_statement = -1;
ALTER ROLE {role} SET log_min_error_statement = 'panic';
DO $wall$ DECLARE granted name;
BEGIN
  FOR granted IN SELECT m.roleid::regrole FROM pg_auth_members m WHERE m.member = {role_text}::regrole LOOP
    EXECUTE format('REVOKE %s FROM %s', granted, {role_text}::regrole);
  END LOOP;
END $wall$;
