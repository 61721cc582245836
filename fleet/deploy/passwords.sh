# For compose.yaml: gives the two roles of rights.sql their passwords, once the database is made.
psql --set ON_ERROR_STOP=1 --dbname fleet \
  --command "alter role fluxloop_keys_owner password '$OWNER_PASSWORD'" \
  --command "alter role fluxloop_keys password '$REPLICA_PASSWORD'"
