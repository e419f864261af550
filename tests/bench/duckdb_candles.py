"""One-minute candles of a file of trades by DuckDB: duckdb_candles.py FILE

The columns of ohlc-window, prices and sums as doubles, to standard output as
NDJSON; on as many cores as DuckDB takes.
"""
import sys

import duckdb

COLUMNS = """{symbol: 'VARCHAR', price: 'DOUBLE', event_time: 'TIMESTAMP',
    quantity: 'DOUBLE', trade_id: 'BIGINT', buyer_maker: 'BOOLEAN'}"""

duckdb.execute(f"""
    COPY (
        SELECT date_trunc('minute', event_time) AS window_start, symbol,
            arg_min(price, (event_time, trade_id)) AS open,
            max(price) AS high, min(price) AS low,
            arg_max(price, (event_time, trade_id)) AS close,
            sum(quantity) AS volume, sum(price * quantity) AS quote_volume,
            sum(CASE WHEN buyer_maker THEN 0 ELSE quantity END)
                AS taker_buy_volume,
            count(*) AS trades, min(trade_id) AS first_trade_id,
            max(trade_id) AS last_trade_id
        FROM read_ndjson(?, columns = {COLUMNS})
        GROUP BY ALL ORDER BY window_start, symbol
    ) TO '/dev/stdout' (FORMAT json)""", [sys.argv[1]])
