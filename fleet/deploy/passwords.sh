# For compose.yaml: gives the roles of rights.sql that it uses their passwords, once the database is made.
psql --set ON_ERROR_STOP=1 --dbname fleet \
  --command "alter role fluxloop_keys_migrator password '$OWNER_PASSWORD'" \
  --command "alter role fluxloop_keys_runner password '$REPLICA_PASSWORD'"
